using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OciImage.Registry.Hosts;

/// <summary>Reads certificates and keys in PEM. Errors name the file and show nothing of it.</summary>
internal static class CertificateFiles
{
    private const int MaxSize = 1024 * 1024;
    private const int FirstSize = 4096;
    private const int MaxFiles = 256;
    private const string AuthorityExtension = ".crt";
    private const string ClientExtension = ".cert";
    private const string KeyExtension = ".key";

    /// <summary>Reads a directory as Docker lays it out, or returns <see langword="null"/> where there is none.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="mayCombine">Whether a certificate may have its key in its own file, as containerd allows.</param>
    /// <exception cref="DocumentFormatException">A file is malformed or cannot be read, or one of a pair is missing.</exception>
    public static RegistryCertificates? ReadDirectory(string directory, bool mayCombine)
    {
        if (DirectoryFiles.List(directory, MaxFiles) is not { } paths)
        {
            return null;
        }

        var names = paths.ToHashSet(StringComparer.Ordinal);
        var authorities = new List<string>();
        var clients = new List<ClientCertificateFiles>();
        foreach (string path in paths)
        {
            string extension = Path.GetExtension(path);
            if (extension == AuthorityExtension)
            {
                authorities.Add(path);
            }
            else if (extension == ClientExtension)
            {
                string key = Path.ChangeExtension(path, KeyExtension);
                bool has = names.Contains(key);
                clients.Add(has || mayCombine ? new ClientCertificateFiles(path, has ? key : null) : throw new DocumentFormatException(
                    $"'{Excerpt.Of(path)}' has no key '{Path.GetFileName(key)}' beside it; the certificate of an authority ends with '.crt'."));
            }
            else if (extension == KeyExtension && !names.Contains(Path.ChangeExtension(path, ClientExtension)))
            {
                throw new DocumentFormatException(
                    $"'{Excerpt.Of(path)}' has no certificate '{Path.GetFileNameWithoutExtension(path)}{ClientExtension}' beside it.");
            }
        }

        return Read(authorities, clients);
    }

    /// <summary>Reads files.</summary>
    /// <exception cref="DocumentFormatException">A file is malformed, missing, or cannot be read.</exception>
    public static RegistryCertificates Read(
        IReadOnlyList<string> authorities, IReadOnlyList<ClientCertificateFiles> clients)
    {
        var trusted = new X509Certificate2Collection();
        foreach (string path in authorities)
        {
            trusted.AddRange(ReadCertificates(path, ReadText(path)));
        }

        var shown = new List<X509Certificate2>();
        var between = new List<X509Certificate2>();
        foreach (ClientCertificateFiles files in clients)
        {
            string text = ReadText(files.Certificate);
            X509Certificate2Collection chain = ReadCertificates(files.Certificate, text);
            shown.Add(WithKey(files, text, files.Key is null ? text : ReadText(files.Key)));
            between.AddRange(chain.Skip(1));
        }

        return new RegistryCertificates(trusted, shown, between);
    }

    private static X509Certificate2Collection ReadCertificates(string path, string text)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(text);
        }
        catch (CryptographicException)
        {
            throw new DocumentFormatException($"'{Excerpt.Of(path)}' has a certificate that is malformed.");
        }

        return certificates.Count > 0 ? certificates
            : throw new DocumentFormatException($"'{Excerpt.Of(path)}' has no certificate in PEM.");
    }

    private static X509Certificate2 WithKey(ClientCertificateFiles files, string certificate, string key)
    {
        string path = files.Key ?? files.Certificate;
        if (key.Contains("-----BEGIN ENCRYPTED PRIVATE KEY-----", StringComparison.Ordinal) ||
            key.Contains("Proc-Type: 4,ENCRYPTED", StringComparison.Ordinal))
        {
            throw new DocumentFormatException($"'{Excerpt.Of(path)}' has an encrypted key, and nobody to ask for its password.");
        }

        try
        {
            var both = X509Certificate2.CreateFromPem(certificate, key);

            // Windows shows no certificate whose key is in memory only.
            return OperatingSystem.IsWindows() ? Reimported(both) : both;
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            throw new DocumentFormatException($"'{Excerpt.Of(path)}' has no key in PEM that belongs to '{Excerpt.Of(files.Certificate)}'.");
        }
    }

    private static X509Certificate2 Reimported(X509Certificate2 certificate)
    {
        using (certificate)
        {
            return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
        }
    }

    private static string ReadText(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1);
            byte[] bytes = new byte[FirstSize];
            int length = 0;
            while (stream.Read(bytes, length, bytes.Length - length) is var read and > 0)
            {
                length += read;
                if (length > MaxSize)
                {
                    throw new DocumentFormatException($"'{Excerpt.Of(path)}' has more than {MaxSize} bytes.");
                }

                Array.Resize(ref bytes, length == bytes.Length ? length * 2 : bytes.Length);
            }

            // What is not ASCII can only be a remark between the certificates.
            return System.Text.Encoding.Latin1.GetString(bytes, 0, length);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw ConfigurationFile.Unreadable(path, exception);
        }
    }
}
