using System.Collections.Concurrent;

namespace OciImage.Registry.Hosts;

/// <summary>Looks up registries in trees of hosts, and hosts in trees of certificates.</summary>
/// <param name="options">Where the trees are.</param>
internal sealed class HostsTrees(SystemRegistryHostsOptions options)
{
    private const string FileName = "hosts.toml";

    private readonly ConcurrentDictionary<string, HostsFile> _files = new(StringComparer.Ordinal);

    /// <summary>Gets the certificates that were read.</summary>
    public CertificateStore Certificates { get; } = new();

    /// <summary>Returns the file for a registry from the first tree that has one, and whether it is the one for all others.</summary>
    /// <exception cref="DocumentFormatException">The file is malformed, or cannot be read.</exception>
    public async ValueTask<(HostsFile File, bool IsDefault)?> FindAsync(string registry, CancellationToken cancellationToken)
    {
        foreach (string root in options.HostsDirectories)
        {
            if (HostsDirectory.Find(root, registry, withDefault: true) is { } directory &&
                await ReadAsync(Path.Combine(directory.Path, FileName), cancellationToken).ConfigureAwait(false) is { } file)
            {
                return (file, directory.IsDefault);
            }
        }

        return null;
    }

    /// <summary>Returns the certificates that directories have for a host, or <see langword="null"/>.</summary>
    /// <param name="host">The host with its port.</param>
    /// <param name="isRegistry">Whether the host is a registry itself, for which the directory for all others counts too.</param>
    /// <exception cref="DocumentFormatException">A file is malformed or cannot be read, or one of a pair is missing.</exception>
    public RegistryCertificates? FindCertificates(string host, bool isRegistry)
    {
        string name = DockerHub.NameAt(host);
        foreach (string root in options.HostsDirectories)
        {
            // Beside a hosts.toml certificates count only where it names them.
            if (HostsDirectory.Find(root, name, isRegistry) is { } directory &&
                !IsPresent(Path.Combine(directory.Path, FileName)) &&
                Certificates.Get(directory.Path, mayCombine: true) is { } found)
            {
                return found;
            }
        }

        foreach (string root in options.CertificateDirectories)
        {
            if (HostsDirectory.Find(root, name, withDefault: false) is { } directory)
            {
                return IsPresent(Path.Combine(directory.Path, FileName)) ? null : Certificates.Get(directory.Path, mayCombine: false);
            }
        }

        return null;
    }

    private static bool IsPresent(string path) => new FileInfo(path) is { Exists: true, Length: > 0 };

    // As for containerd, an empty file is none.
    private async ValueTask<HostsFile?> ReadAsync(string path, CancellationToken cancellationToken)
    {
        if (_files.TryGetValue(path, out HostsFile? known))
        {
            return known;
        }

        return await ConfigurationFile.ReadTextAsync(path, cancellationToken).ConfigureAwait(false) is { Length: > 0 } text
            ? _files.GetOrAdd(path, HostsFileParser.Parse(text, path))
            : null;
    }
}
