using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace OciImage.Registry.Stores;

/// <summary>The JSON that helpers are given and give.</summary>
internal static class HelperAnswer
{
    /// <summary>The user of what is an identity token.</summary>
    public const string TokenUser = "<token>";

    private const int MinSecretLength = 4;

    // Helpers that are shell scripts read '<token>' better as it is.
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Write(string serverUrl, string username, string secret)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, Plain))
        {
            writer.WriteStartObject();
            writer.WriteString("ServerURL", serverUrl);
            writer.WriteString("Username", username);
            writer.WriteString("Secret", secret);
            writer.WriteEndObject();
        }

        return buffer.ToArray();
    }

    public static RegistryCredential? ParseCredential(CredentialHelper helper, string serverUrl, byte[] output)
    {
        using JsonDocument document = Parse(helper, output);
        string? server = TextOf(helper, document, "ServerURL");
        string? username = TextOf(helper, document, "Username");
        string? secret = TextOf(helper, document, "Secret");

        // Not every helper repeats the registry. One that names another answered something that was not asked.
        if (!string.IsNullOrEmpty(server) && CredentialScope.OfKey(server, hostOnly: true) != CredentialScope.OfKey(serverUrl, hostOnly: true))
        {
            throw helper.Fault(
                CredentialHelperErrorKind.Malformed, $"was asked for '{serverUrl}' and answered for '{Excerpt.Of(server)}'.");
        }

        if (username is null || secret is null)
        {
            throw helper.Fault(CredentialHelperErrorKind.Malformed, "answered without 'Username' or 'Secret'.");
        }

        return username.Length == 0 && secret.Length == 0 ? null
            : username == TokenUser ? new RegistryCredential(null, null, secret)
            : new RegistryCredential(username, secret);
    }

    public static IReadOnlyDictionary<string, string> ParseList(CredentialHelper helper, byte[] output)
    {
        using JsonDocument document = Parse(helper, output);
        var users = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                users[property.Name] = property.Value.GetString() ?? "";
            }
        }
        catch (InvalidOperationException)
        {
            throw helper.Fault(CredentialHelperErrorKind.Malformed, "listed something else than texts.");
        }

        return users;
    }

    /// <summary>Returns the secret in an output that should have been none, so that it can be left out of messages.</summary>
    public static string? SecretOf(byte[] output)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(output);
            return document.RootElement.ValueKind == JsonValueKind.Object ? Find(document.RootElement, "Secret")?.GetString() : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Returns what a helper said about its failure, in short and without a secret.</summary>
    public static string WordsOf(HelperResult result, string? secret)
    {
        string words = Encoding.UTF8.GetString(result.Error).Trim();
        if (words.Length == 0)
        {
            // The protocol has errors on the standard output, where credentials are too. Only what looks like a sentence is one.
            string output = Encoding.UTF8.GetString(result.Output).Trim();
            words = output.AsSpan().ContainsAny('{', '"') || !output.Contains(' ', StringComparison.Ordinal) ? "" : output;
        }

        foreach (string form in FormsOf(secret))
        {
            // Hiding a short one would riddle the words, and so tell it.
            words = form.Length >= MinSecretLength ? words.Replace(form, "…", StringComparison.Ordinal)
                : words.Contains(form, StringComparison.Ordinal) ? ""
                : words;
        }

        return Excerpt.Of(words).TrimEnd('.');
    }

    // As it is, and as JSON may have it.
    private static IEnumerable<string> FormsOf(string? secret) => string.IsNullOrEmpty(secret) ? [] :
    [
        secret,
        JsonEncodedText.Encode(secret, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).Value,
        JsonEncodedText.Encode(secret).Value,
    ];

    private static JsonDocument Parse(CredentialHelper helper, byte[] output)
    {
        try
        {
            JsonDocument document = JsonDocument.Parse(output);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }

            document.Dispose();
        }
        catch (JsonException)
        {
            // The parser's message may quote the answer, which holds a secret.
        }

        throw helper.Fault(CredentialHelperErrorKind.Malformed, "answered what is no JSON object.");
    }

    private static string? TextOf(CredentialHelper helper, JsonDocument document, string name)
    {
        try
        {
            return Find(document.RootElement, name)?.GetString();
        }
        catch (InvalidOperationException)
        {
            throw helper.Fault(CredentialHelperErrorKind.Malformed, $"answered with a '{name}' that is no text.");
        }
    }

    // As Docker reads it: the case does not matter, and the last of two counts.
    private static JsonElement? Find(JsonElement root, string name)
    {
        JsonElement? found = null;
        foreach (JsonProperty property in root.EnumerateObject())
        {
            if (property.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                found = property.Value;
            }
        }

        return found;
    }
}
