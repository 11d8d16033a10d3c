using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OciImage.Registry;

/// <summary>The credentials in a <c>config.json</c> as Docker keeps it: its <c>auths</c>.</summary>
/// <remarks>
/// The file is read at each question. Changes keep everything else in it, and replace it as a whole with mode 0600; of two changes
/// at the same time the later one wins. A link to the file stays a link. Credential helpers are not run: where the file leaves the
/// credential of a registry to one, the question is refused rather than answered wrongly.
/// </remarks>
public sealed class DockerConfigFile : IRegistryCredentialProvider
{
    private const int MaxSize = 4 * 1024 * 1024;
    private const string DockerHubKey = "https://index.docker.io/v1/";

    // What a change replaces; the rest of an entry stays.
    private static readonly string[] SecretFields = ["auth", "username", "password", "identitytoken", "registrytoken"];
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    private readonly string _path;

    /// <summary>Initializes a new instance for a file, which need not exist.</summary>
    /// <param name="path">The path of the file.</param>
    public DockerConfigFile(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        _path = Path.GetFullPath(path);
    }

    /// <summary>Gets the path that Docker uses: <c>config.json</c> in <c>$DOCKER_CONFIG</c> or in <c>~/.docker</c>.</summary>
    public static string DefaultPath => Path.Combine(
        Environment.GetEnvironmentVariable("DOCKER_CONFIG") is { Length: > 0 } directory
            ? directory
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".docker"),
        "config.json");

    /// <inheritdoc/>
    /// <exception cref="DocumentFormatException">The file is malformed.</exception>
    /// <exception cref="NotSupportedException">The file names a credential helper for the registry.</exception>
    public async ValueTask<RegistryCredential?> GetCredentialAsync(
        string registry, string repository, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(registry);
        JsonObject? root = await ReadAsync(cancellationToken).ConfigureAwait(false);
        if (root is null)
        {
            return null;
        }

        if (FindHelper(root, registry) is { } helper)
        {
            throw Unsupported(registry, helper);
        }

        (string Key, JsonObject Entry)? found = FindEntry(root, registry);
        string? store = Text(root, "credsStore");
        if (found is not { Entry.Count: > 0 })
        {
            // Docker leaves an empty entry where the credential is in its store. Without one there is hardly a credential.
            return store is null ? null
                : found is not null ? throw Unsupported(registry, store)
                : new RegistryCredential(null, null)
                {
                    Source = $"'{_path}'",
                    Hint = $"'{_path}' leaves credentials to the helper '{Excerpt.Of(store)}', which is not supported yet",
                };
        }

        return Parse(found.Value.Entry, found.Value.Key);
    }

    /// <summary>Writes the credential for a registry.</summary>
    /// <param name="registry">The registry as a user writes it.</param>
    /// <param name="credential">The credential; it stands in the file readable for its owner.</param>
    /// <param name="cancellationToken">Cancels the change; the file is then as it was.</param>
    /// <returns>A task that ends when the file is replaced.</returns>
    /// <exception cref="ArgumentException">The credential's name holds a colon.</exception>
    /// <exception cref="DocumentFormatException">The file is malformed, and is left as it is.</exception>
    /// <exception cref="NotSupportedException">The file leaves credentials to a helper, and is left as it is.</exception>
    public async ValueTask StoreAsync(
        string registry, RegistryCredential credential, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(registry);
        ArgumentNullException.ThrowIfNull(credential);
        if (credential.Username?.Contains(':', StringComparison.Ordinal) == true)
        {
            throw new ArgumentException("A name with a colon cannot be told from its password in this file.", nameof(credential));
        }

        JsonObject root = await ReadAsync(cancellationToken).ConfigureAwait(false) ?? [];
        if ((FindHelper(root, registry) ?? Text(root, "credsStore")) is { } helper)
        {
            throw Unsupported(registry, helper);
        }

        JsonObject auths = AuthsOf(root) ?? [];
        root["auths"] = auths;
        (string Key, JsonObject Entry)? found = FindEntry(root, registry);
        JsonObject entry = found?.Entry ?? [];
        foreach (string field in SecretFields)
        {
            entry.Remove(field);
        }

        if (credential.Username is not null && credential.Password is not null)
        {
            entry["auth"] = Convert.ToBase64String(
                Encoding.UTF8.GetBytes($"{credential.Username}:{credential.Password}"));
        }

        SetText(entry, "identitytoken", credential.IdentityToken);
        SetText(entry, "registrytoken", credential.RegistryToken);
        if (found is null)
        {
            auths[IsDockerHub(registry) ? DockerHubKey : registry] = entry;
        }

        Write(root);
    }

    /// <summary>Removes the credential for a registry.</summary>
    /// <param name="registry">The registry as a user writes it.</param>
    /// <param name="cancellationToken">Cancels the change; the file is then as it was.</param>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="DocumentFormatException">The file is malformed, and is left as it is.</exception>
    /// <exception cref="NotSupportedException">The file leaves the credential to a helper, and is left as it is.</exception>
    public async ValueTask<bool> EraseAsync(string registry, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(registry);
        JsonObject? root = await ReadAsync(cancellationToken).ConfigureAwait(false);
        if (root is null)
        {
            return false;
        }

        if (FindHelper(root, registry) is { } helper)
        {
            throw Unsupported(registry, helper);
        }

        bool erased = false;
        while (FindEntry(root, registry) is { } found)
        {
            if (found.Entry.Count == 0 && Text(root, "credsStore") is { } store)
            {
                throw Unsupported(registry, store);
            }

            erased |= AuthsOf(root)!.Remove(found.Key);
        }

        if (erased)
        {
            Write(root);
        }

        return erased;
    }

    // Docker Hub has had several names; Docker writes the one with the scheme and the version.
    private static bool IsDockerHub(string host) => host is "docker.io" or "index.docker.io" or "registry-1.docker.io";

    // Keys were URLs once, and still are for Docker Hub: only their host counts.
    private static bool IsKeyOf(string key, string registry)
    {
        int scheme = key.IndexOf("://", StringComparison.Ordinal);
        string host = (scheme < 0 ? key : key[(scheme + 3)..]).Split('/', 2)[0];

        return IsDockerHub(registry) ? IsDockerHub(host) : host.Equals(registry, StringComparison.OrdinalIgnoreCase);
    }

    private (string Key, JsonObject Entry)? FindEntry(JsonObject root, string registry)
    {
        if (AuthsOf(root) is not { } auths)
        {
            return null;
        }

        // The exact key first, then those that only mean the same.
        string exact = IsDockerHub(registry) ? DockerHubKey : registry;
        string? key = auths.ContainsKey(exact)
            ? exact
            : auths.Select(pair => pair.Key).FirstOrDefault(name => IsKeyOf(name, registry));

        return key is null ? null
            : auths[key] is JsonObject entry ? (key, entry)
            : throw Malformed($"the entry of '{Excerpt.Of(key)}' is no JSON object");
    }

    private string? FindHelper(JsonObject root, string registry) => root["credHelpers"] switch
    {
        null => null,
        JsonObject helpers => helpers
            .Where(pair => IsKeyOf(pair.Key, registry))
            .Select(pair => Text(helpers, pair.Key))
            .FirstOrDefault(name => name is not null),
        _ => throw Malformed("'credHelpers' is no JSON object"),
    };

    private JsonObject? AuthsOf(JsonObject root) => root["auths"] switch
    {
        null => null,
        JsonObject auths => auths,
        _ => throw Malformed("'auths' is no JSON object"),
    };

    private static void SetText(JsonObject entry, string name, string? value)
    {
        if (value is not null)
        {
            entry[name] = value;
        }
    }

    private NotSupportedException Unsupported(string registry, string helper) => new(
        $"'{_path}' leaves the credential for '{registry}' to the helper '{Excerpt.Of(helper)}', which is not supported yet; " +
        "use another file, or give the credential itself.");

    private RegistryCredential Parse(JsonObject entry, string key)
    {
        string? user = Text(entry, "username");
        string? password = Text(entry, "password");
        if (Text(entry, "auth") is { Length: > 0 } auth)
        {
            byte[] bytes = new byte[auth.Length];
            if (!Convert.TryFromBase64String(auth, bytes, out int length) ||
                Encoding.UTF8.GetString(bytes, 0, length).Split(':', 2) is not [var name, var secret])
            {
                throw Malformed($"the credential of '{Excerpt.Of(key)}' is not the base64 of 'user:password'");
            }

            (user, password) = (name, secret.TrimEnd('\0'));
        }

        return new RegistryCredential(user, password, Text(entry, "identitytoken"), Text(entry, "registrytoken"))
        {
            Source = $"'{_path}'",
        };
    }

    private string? Text(JsonObject entry, string name) => entry[name] switch
    {
        null => null,
        JsonValue value when value.TryGetValue(out string? text) => text.Length == 0 ? null : text,
        _ => throw Malformed($"'{name}' is no text"),
    };

    private async ValueTask<JsonObject?> ReadAsync(CancellationToken cancellationToken)
    {
        byte[]? bytes = await ReadBytesAsync(cancellationToken).ConfigureAwait(false);
        if (bytes is null or [])
        {
            return null;
        }

        try
        {
            return JsonNode.Parse(bytes, documentOptions: Strict) as JsonObject ?? throw Malformed("it is no JSON object");
        }
        catch (JsonException exception)
        {
            // The parser's message may quote the file, which holds secrets.
            throw new DocumentFormatException(
                $"'{_path}' is malformed at line {exception.LineNumber + 1}.", exception.Path);
        }
    }

    private async ValueTask<byte[]?> ReadBytesAsync(CancellationToken cancellationToken)
    {
        FileStream stream;
        try
        {
            stream = new FileStream(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }

        await using (stream.ConfigureAwait(false))
        {
            byte[] bytes = new byte[Math.Min(stream.Length, MaxSize) + 1];
            int read = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken)
                .ConfigureAwait(false);
            return read > MaxSize ? throw Malformed($"it has more than {MaxSize} bytes") : bytes[..read];
        }
    }

    private void Write(JsonObject root)
    {
        // A link, as some people keep their configuration, stays one.
        var file = new FileInfo(_path);
        string path = file.LinkTarget is null ? _path : file.ResolveLinkTarget(returnFinalTarget: true)!.FullName;
        CreateDirectory(Path.GetDirectoryName(path)!);
        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using (var stream = new FileStream(temporary, options))
            using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, IndentCharacter = '\t', IndentSize = 1 }))
            {
                root.WriteTo(writer);
                writer.Flush();
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private static void CreateDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
            return;
        }

        Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private DocumentFormatException Malformed(string fault) => new($"'{_path}' is malformed: {fault}.");
}
