namespace OciImage.TestKit;

/// <summary>A certificate and its private key as files.</summary>
/// <param name="Certificate">The path of the certificate.</param>
/// <param name="Key">The path of the key, unencrypted.</param>
public sealed record PemFiles(string Certificate, string Key);
