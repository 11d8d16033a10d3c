namespace OciImage.Registry.Hosts;

/// <summary>Where a client's certificate and its key are.</summary>
/// <param name="Certificate">The path of the certificate.</param>
/// <param name="Key">The path of the key, or <see langword="null"/> where both are in one file.</param>
internal sealed record ClientCertificateFiles(string Certificate, string? Key);
