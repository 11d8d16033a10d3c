using System.Diagnostics;
using System.Text.RegularExpressions;
using Xunit;

namespace OciImage.TestKit.Peers;

/// <summary>Debian's docker-registry on a loopback port of its own choice, with storage in a directory of the caller's.</summary>
public sealed partial class DockerRegistry : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Task _drain;

    private DockerRegistry(Process process, string host, Task drain)
    {
        _process = process;
        Host = host;
        _drain = drain;
    }

    /// <summary>Gets the host and port.</summary>
    public string Host { get; }

    /// <summary>Starts an open registry, or one with a password file, and returns when it listens.</summary>
    /// <param name="directory">The directory for its storage and configuration.</param>
    /// <param name="htpasswd">The lines of an htpasswd file with bcrypt hashes, or <see langword="null"/> for an open registry.</param>
    public static Task<DockerRegistry> StartAsync(string directory, string? htpasswd = null) =>
        StartAsync(directory, new DockerRegistrySettings { Htpasswd = htpasswd });

    /// <summary>Starts a registry and returns when it listens.</summary>
    /// <param name="directory">The directory for its storage and configuration.</param>
    /// <param name="settings">How it lets clients in.</param>
    public static async Task<DockerRegistry> StartAsync(string directory, DockerRegistrySettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        Peer peer = Peer.Require("docker-registry");
        string configuration = Path.Combine(directory, "config.yml");
        string authentication = await WriteAuthenticationAsync(directory, settings);
        await File.WriteAllTextAsync(
            configuration,
            $"""
            version: 0.1
            log:
              accesslog:
                disabled: true
            storage:
              filesystem:
                rootdirectory: {Path.Combine(directory, "storage")}
              delete:
                enabled: true
            http:
              addr: 127.0.0.1:0
              secret: loopback
            {DescribeTls(settings)}
            {authentication}
            """);

        Process process = PeerProcess.Start(peer.Path, ["serve", configuration]);
        try
        {
            string host = await ReadHostAsync(process, TestContext.Current.CancellationToken);
            Task drain = Task.WhenAll(
                process.StandardError.BaseStream.CopyToAsync(Stream.Null),
                process.StandardOutput.BaseStream.CopyToAsync(Stream.Null));
            return new DockerRegistry(process, host, drain);
        }
        catch
        {
            process.Kill();
            process.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync();
        await _drain;
        _process.Dispose();
    }

    private static string DescribeTls(DockerRegistrySettings settings)
    {
        if (settings.Certificate is not { } certificate)
        {
            return "";
        }

        string clients = settings.ClientAuthority is { } authority ? $"    clientcas:\n      - {authority}\n" : "";
        return $"  tls:\n    certificate: {certificate.Certificate}\n    key: {certificate.Key}\n{clients}";
    }

    private static async Task<string> WriteAuthenticationAsync(string directory, DockerRegistrySettings settings)
    {
        if (settings.Htpasswd is not null)
        {
            string file = Path.Combine(directory, "htpasswd");
            await File.WriteAllTextAsync(file, settings.Htpasswd);
            return $"auth:\n  htpasswd:\n    realm: test\n    path: {file}\n";
        }

        if (settings.Tokens is { } tokens)
        {
            string bundle = Path.Combine(directory, "tokens.crt");
            await File.WriteAllTextAsync(bundle, tokens.CertificatePem);
            return $"auth:\n  token:\n    realm: {tokens.Realm}\n    service: {tokens.Service}\n" +
                $"    issuer: {tokens.Issuer}\n    rootcertbundle: {bundle}\n";
        }

        return "";
    }

    // The registry says which port it got: "listening on 127.0.0.1:34567".
    private static async Task<string> ReadHostAsync(Process process, CancellationToken cancellationToken)
    {
        var seen = new List<string>();
        while (await process.StandardError.ReadLineAsync(cancellationToken) is { } line)
        {
            seen.Add(line);
            Match match = Listening().Match(line);
            if (match.Success)
            {
                return match.Groups[1].Value;
            }
        }

        throw new InvalidOperationException($"docker-registry ended before it listened:\n{string.Join('\n', seen)}");
    }

    [GeneratedRegex(@"listening on (127\.0\.0\.1:[0-9]+)")]
    private static partial Regex Listening();
}
