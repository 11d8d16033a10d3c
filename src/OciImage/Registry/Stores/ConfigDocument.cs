using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OciImage.Registry.Stores;

/// <summary>What a file of credentials says. Only what a question needs is judged beyond its JSON.</summary>
internal sealed class ConfigDocument
{
    private const string Auths = "auths";
    private const string Helpers = "credHelpers";
    private const string Store = "credsStore";

    // What a change replaces; the rest of an entry stays.
    private static readonly string[] SecretFields = ["auth", "username", "password", "identitytoken", "registrytoken"];
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private readonly string _file;
    private readonly bool _isLegacy;
    private readonly Dictionary<string, long> _lines;

    private ConfigDocument(string file, bool isLegacy, JsonObject root, Dictionary<string, long> lines)
    {
        _file = file;
        _isLegacy = isLegacy;
        _lines = lines;
        Root = root;
    }

    public JsonObject Root { get; }

    public static ConfigDocument Empty(string file) => new(file, false, [], []);

    /// <summary>Reads a file's bytes; the legacy format has the entries at the top.</summary>
    /// <exception cref="DocumentFormatException">It is no JSON object that can be read in one way only.</exception>
    public static ConfigDocument Parse(string file, ReadOnlySpan<byte> bytes, bool isLegacy)
    {
        Dictionary<string, long> lines = ConfigSyntax.Check(file, bytes);

        return new ConfigDocument(file, isLegacy, JsonNode.Parse(bytes)!.AsObject(), lines);
    }

    /// <summary>Returns the helper that keeps the credential of a registry, or null where the file itself does.</summary>
    public ConfigHelper? FindHelper(CredentialScope scope)
    {
        if (_isLegacy)
        {
            return null;
        }

        JsonObject? helpers = ObjectOf(Root, Helpers, Helpers);
        string? key = helpers is null ? null : KeysOf(helpers, scope with { Repository = "" }).FirstOrDefault();

        // An empty name takes a registry away from the store of all others.
        string? name = key is null ? TextOf(Root, Store, Store) : TextOf(helpers!, key, $"{Helpers}\n{key}");
        if (string.IsNullOrEmpty(name))
        {
            return null;
        }

        return CredentialHelper.IsName(name)
            ? new ConfigHelper(name, IsOfRegistry: key is not null)
            : throw Malformed(key is null ? Store : $"{Helpers}\n{key}", "that is not the name of a credential helper");
    }

    /// <summary>Returns the credential for the closest scope that has an entry with one, or null.</summary>
    public RegistryCredential? FindCredential(CredentialScope scope)
    {
        if (EntriesOf() is not { } entries)
        {
            return null;
        }

        ILookup<CredentialScope, string> keys = entries.Select(pair => pair.Key)
            .ToLookup(key => CredentialScope.OfKey(key, _isLegacy));
        foreach (CredentialScope around in scope.FromClosest)
        {
            foreach (string key in ExactFirst(keys[around], around))
            {
                if (Decode(Entry(entries, key), key) is { } credential)
                {
                    return credential;
                }
            }
        }

        return null;
    }

    /// <summary>Puts a credential, or nothing where a helper has it, into the entry of a scope.</summary>
    public void Set(CredentialScope scope, RegistryCredential? credential)
    {
        JsonObject auths = ObjectOf(Root, Auths, Auths) ?? [];
        if (auths.Parent is null)
        {
            Root[Auths] = auths;
        }

        string? key = KeysOf(auths, scope).FirstOrDefault();
        JsonObject entry = key is null ? [] : Entry(auths, key);
        foreach (string field in SecretFields)
        {
            entry.Remove(field);
        }

        if (credential is { Username: not null, Password: not null })
        {
            entry["auth"] = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credential.Username}:{credential.Password}"));
        }

        SetText(entry, "identitytoken", credential?.IdentityToken);
        SetText(entry, "registrytoken", credential?.RegistryToken);
        if (entry.Parent is null)
        {
            auths[key ?? scope.Key] = entry;
        }
    }

    /// <summary>Removes every entry of exactly that scope; returns whether there was one.</summary>
    public bool Remove(CredentialScope scope)
    {
        bool removed = false;
        if (ObjectOf(Root, Auths, Auths) is { } auths)
        {
            foreach (string key in KeysOf(auths, scope).ToArray())
            {
                removed |= auths.Remove(key);
            }
        }

        return removed;
    }

    private JsonObject? EntriesOf() => _isLegacy ? Root : ObjectOf(Root, Auths, Auths);

    private IEnumerable<string> KeysOf(JsonObject values, CredentialScope scope) => ExactFirst(
        values.Select(pair => pair.Key).Where(key => CredentialScope.OfKey(key, _isLegacy) == scope), scope);

    // Several keys may mean the same: what Docker writes comes first, then the plain name, then the file's order.
    private static IEnumerable<string> ExactFirst(IEnumerable<string> keys, CredentialScope scope) =>
        keys.OrderBy(key => key == scope.Key ? 0 : key == scope.ToString() ? 1 : 2);

    private RegistryCredential? Decode(JsonObject entry, string key)
    {
        string way = _isLegacy ? key : $"{Auths}\n{key}";
        string? user = TextOf(entry, "username", $"{way}\nusername");
        string? password = TextOf(entry, "password", $"{way}\npassword");
        if (TextOf(entry, "auth", $"{way}\nauth") is { Length: > 0 } auth)
        {
            (user, password) = DecodePair(auth) ??
                throw Malformed($"{way}\nauth", "the credential is not the base64 of 'user:password' in UTF-8");
        }

        var credential = new RegistryCredential(
            user is { Length: > 0 } ? user : null,
            user is { Length: > 0 } ? password : null,
            NullIfEmpty(TextOf(entry, "identitytoken", $"{way}\nidentitytoken")),
            NullIfEmpty(TextOf(entry, "registrytoken", $"{way}\nregistrytoken")))
        {
            Source = $"'{_file}' entry '{Excerpt.Of(key)}'",
        };

        return credential.IsEmpty ? null : credential;
    }

    private static (string User, string Password)? DecodePair(string auth)
    {
        byte[] bytes = new byte[auth.Length];
        if (!Convert.TryFromBase64String(auth, bytes, out int length))
        {
            return null;
        }

        try
        {
            // Docker takes zero bytes off the password as well.
            return StrictUtf8.GetString(bytes, 0, length).Split(':', 2) is [{ Length: > 0 } user, var password]
                ? (user, password.Trim('\0'))
                : null;
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static void SetText(JsonObject entry, string name, string? value)
    {
        if (value is not null)
        {
            entry[name] = value;
        }
    }

    private JsonObject Entry(JsonObject entries, string key) =>
        ObjectOf(entries, key, _isLegacy ? key : $"{Auths}\n{key}") ?? [];

    private JsonObject? ObjectOf(JsonObject parent, string name, string way) => parent[name] switch
    {
        null => null,
        JsonObject value => value,
        _ => throw Malformed(way, "a JSON object is expected"),
    };

    private string? TextOf(JsonObject parent, string name, string way) => parent[name] switch
    {
        null => null,
        JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
        _ => throw Malformed(way, "a text is expected"),
    };

    private DocumentFormatException Malformed(string way, string fault) =>
        ConfigSyntax.Malformed(_file, _lines.GetValueOrDefault(way, 1), fault);
}
