using OciImage.Registry;
using OciImage.TestKit;

namespace OciImage.Tests.Registry;

/// <summary>Credential helpers of a test's own: shell scripts in a directory that stands first in the PATH they see.</summary>
internal sealed class HelperScripts : IDisposable
{
    // A keychain of one file a registry. What it was asked stands in "log".
    private const string Keychain =
        """
        keys='DIRECTORY/keys'
        mkdir -p "$keys"
        input=$(cat)
        echo "$1" >> 'DIRECTORY/log'
        case "$1" in
          store) server=$(printf %s "$input" | sed 's/.*"ServerURL":"\([^"]*\)".*/\1/') ;;
          *) server=$input ;;
        esac
        file="$keys/$(printf %s "$server" | tr / _)"
        case "$1" in
          store) printf %s "$input" > "$file" ;;
          get) cat "$file" 2> /dev/null || { echo 'credentials not found in native keychain'; exit 1; } ;;
          erase) rm "$file" 2> /dev/null || { echo 'credentials not found in native keychain'; exit 1; } ;;
          list) printf '{"a.example":"ann","b.example":"<token>"}' ;;
        esac
        """;

    private readonly TemporaryDirectory _directory = new();

    public HelperScripts()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Helpers of these tests are shell scripts.");
        Bin = _directory.CreateDirectory("bin");
    }

    public string Bin { get; }

    public string Path => _directory.Path;

    public CredentialHelperOptions Options
    {
        get
        {
            var options = new CredentialHelperOptions();
            options.Environment["PATH"] = $"{Bin}:{Environment.GetEnvironmentVariable("PATH")}";
            return options;
        }
    }

    /// <summary>Gets the actions that the keychain was asked for.</summary>
    public string[] Log => File.Exists(_directory.Combine("log")) ? File.ReadAllLines(_directory.Combine("log")) : [];

    public string Combine(params string[] parts) => _directory.Combine(parts);

    /// <summary>Writes a helper.</summary>
    public CredentialHelper Write(
        string name,
        string body,
        UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserExecute,
        string interpreter = "/bin/sh")
    {
        string path = _directory.WriteFile($"bin/docker-credential-{name}", $"#!{interpreter}\n{body}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, mode);
        }

        return new CredentialHelper(name, Options);
    }

    /// <summary>Writes a helper that keeps what it is given.</summary>
    public CredentialHelper WriteKeychain(string name) =>
        Write(name, Keychain.Replace("DIRECTORY", Path, StringComparison.Ordinal));

    public string WriteFile(string relativePath, string content) => _directory.WriteFile(relativePath, content);

    public void Dispose() => _directory.Dispose();
}
