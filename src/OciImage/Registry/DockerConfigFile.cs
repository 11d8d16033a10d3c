using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OciImage.Registry;

/// <summary>The credentials in a <c>config.json</c> as Docker keeps it: its <c>auths</c>.</summary>
/// <remarks>
/// The file is read at each question. Changes keep everything else in it, and replace it as a whole with mode 0600. Credential
/// helpers are not run: where the file names one for a registry, the question is refused rather than answered wrongly.
/// </remarks>
public sealed class DockerConfigFile : IRegistryCredentialProvider
{
    private const int MaxSize = 4 * 1024 * 1024;
    private const string DockerHubKey = "https://index.docker.io/v1/";

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

        foreach (string key in KeysOf(registry))
        {
            if (root["auths"] is JsonObject auths && auths[key] is JsonObject { Count: > 0 } entry)
            {
                return Parse(entry, key);
            }
        }

        if (root["credHelpers"] is JsonObject helpers && KeysOf(registry).Any(key => helpers[key] is not null))
        {
            throw new NotSupportedException(
                $"'{_path}' keeps the credential for '{registry}' in a credential helper, which is not supported yet; " +
                "log in with another file, or give the credential itself.");
        }

        return null;
    }

    /// <summary>Writes the credential for a registry.</summary>
    /// <param name="registry">The registry as a user writes it.</param>
    /// <param name="credential">The credential; it stands in the file readable for its owner.</param>
    /// <param name="cancellationToken">Cancels the change; the file is then as it was.</param>
    /// <returns>A task that ends when the file is replaced.</returns>
    /// <exception cref="DocumentFormatException">The file is malformed, and is left as it is.</exception>
    public async ValueTask StoreAsync(
        string registry, RegistryCredential credential, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(registry);
        ArgumentNullException.ThrowIfNull(credential);
        JsonObject root = await ReadAsync(cancellationToken).ConfigureAwait(false) ?? [];
        var entry = new JsonObject();
        if (credential.Username is not null && credential.Password is not null)
        {
            entry["auth"] = Convert.ToBase64String(
                Encoding.UTF8.GetBytes($"{credential.Username}:{credential.Password}"));
        }

        if (credential.IdentityToken is not null)
        {
            entry["identitytoken"] = credential.IdentityToken;
        }

        if (root["auths"] is not JsonObject auths)
        {
            auths = [];
            root["auths"] = auths;
        }

        auths[KeysOf(registry)[0]] = entry;
        Write(root);
    }

    /// <summary>Removes the credential for a registry.</summary>
    /// <param name="registry">The registry as a user writes it.</param>
    /// <param name="cancellationToken">Cancels the change; the file is then as it was.</param>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="DocumentFormatException">The file is malformed, and is left as it is.</exception>
    public async ValueTask<bool> EraseAsync(string registry, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(registry);
        JsonObject? root = await ReadAsync(cancellationToken).ConfigureAwait(false);
        if (root?["auths"] is not JsonObject auths)
        {
            return false;
        }

        bool erased = false;
        foreach (string key in KeysOf(registry))
        {
            erased |= auths.Remove(key);
        }

        if (erased)
        {
            Write(root);
        }

        return erased;
    }

    // Docker Hub has had several names; the first is the one Docker writes.
    private static string[] KeysOf(string registry) => registry is "docker.io" or "index.docker.io" or "registry-1.docker.io"
        ? [DockerHubKey, "docker.io", "index.docker.io", "registry-1.docker.io"]
        : [registry, $"https://{registry}", $"https://{registry}/", $"https://{registry}/v2/", $"https://{registry}/v1/", $"http://{registry}"];

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
        var file = new FileInfo(_path);
        if (!file.Exists)
        {
            return null;
        }

        if (file.Length > MaxSize)
        {
            throw Malformed($"it has {file.Length} bytes; at most {MaxSize} are read");
        }

        byte[] bytes = await File.ReadAllBytesAsync(_path, cancellationToken).ConfigureAwait(false);
        if (bytes.Length == 0)
        {
            return null;
        }

        try
        {
            return JsonNode.Parse(bytes) as JsonObject ?? throw Malformed("it is no JSON object");
        }
        catch (JsonException exception)
        {
            // The parser's message may quote the file, which holds secrets.
            throw new DocumentFormatException(
                $"'{_path}' is malformed at line {exception.LineNumber + 1}.", exception.Path);
        }
    }

    private void Write(JsonObject root)
    {
        // A link, as some people keep their configuration, stays one.
        var file = new FileInfo(_path);
        string path = file.LinkTarget is null ? _path : file.ResolveLinkTarget(returnFinalTarget: true)!.FullName;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
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

    private DocumentFormatException Malformed(string fault) => new($"'{_path}' is malformed: {fault}.");
}
