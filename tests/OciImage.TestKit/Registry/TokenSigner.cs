using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;

namespace OciImage.TestKit.Registry;

/// <summary>Signs JSON web tokens (RFC 7515) with a key of its own, whose certificate goes with each (<c>x5c</c>).</summary>
internal sealed class TokenSigner : IDisposable
{
    private readonly string _algorithm;
    private readonly X509Certificate2 _certificate;

    public TokenSigner(string algorithm, TimeProvider time)
    {
        _algorithm = algorithm;
        using AsymmetricAlgorithm key = algorithm switch
        {
            "ES256" => ECDsa.Create(ECCurve.NamedCurves.nistP256),
            "RS256" => RSA.Create(2048),
            _ => throw new ArgumentException($"'{algorithm}' is neither ES256 nor RS256.", nameof(algorithm)),
        };
        CertificateRequest request = key is RSA rsa
            ? new("CN=tokens", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new("CN=tokens", (ECDsa)key, HashAlgorithmName.SHA256);
        DateTimeOffset now = time.GetUtcNow();
        _certificate = request.CreateSelfSigned(now.AddHours(-1), now.AddDays(1));
    }

    public string CertificatePem => _certificate.ExportCertificatePem();

    public string Sign(JsonObject claims)
    {
        var header = new JsonObject
        {
            ["typ"] = "JWT",
            ["alg"] = _algorithm,
            ["x5c"] = new JsonArray(Convert.ToBase64String(_certificate.RawData)),
        };
        string signed = $"{Encode(header.ToJsonString())}.{Encode(claims.ToJsonString())}";
        byte[] bytes = Encoding.ASCII.GetBytes(signed);
        using RSA? rsa = _certificate.GetRSAPrivateKey();
        using ECDsa? ecdsa = _certificate.GetECDsaPrivateKey();
        byte[] signature = rsa is not null
            ? rsa.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : ecdsa!.SignData(bytes, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }

    public void Dispose() => _certificate.Dispose();

    private static string Encode(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
}
