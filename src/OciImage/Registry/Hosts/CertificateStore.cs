using System.Collections.Concurrent;

namespace OciImage.Registry.Hosts;

/// <summary>Reads certificates once: the same files always give the same instance, since connections are kept by it.</summary>
internal sealed class CertificateStore
{
    private readonly ConcurrentDictionary<string, RegistryCertificates> _known = new(StringComparer.Ordinal);

    /// <summary>Returns the certificates in files, or <see langword="null"/> where none are named.</summary>
    /// <exception cref="DocumentFormatException">A file is malformed, missing, or cannot be read.</exception>
    public RegistryCertificates? Get(IReadOnlyList<string> authorities, IReadOnlyList<ClientCertificateFiles> clients)
    {
        if (authorities.Count == 0 && clients.Count == 0)
        {
            return null;
        }

        string key = string.Join('\0', [.. authorities, "", .. clients.Select(files => $"{files.Certificate}\0{files.Key}")]);

        return _known.TryGetValue(key, out RegistryCertificates? known)
            ? known
            : _known.GetOrAdd(key, CertificateFiles.Read(authorities, clients));
    }

    /// <summary>Returns the certificates in a directory, or <see langword="null"/> where it has none.</summary>
    /// <exception cref="DocumentFormatException">A file is malformed or cannot be read, or one of a pair is missing.</exception>
    public RegistryCertificates? Get(string directory, bool mayCombine)
    {
        string key = $"{directory}\0{mayCombine}";
        if (_known.TryGetValue(key, out RegistryCertificates? known))
        {
            return known;
        }

        return CertificateFiles.ReadDirectory(directory, mayCombine) is { IsEmpty: false } read ? _known.GetOrAdd(key, read) : null;
    }
}
