using System.Text;
using Microsoft.AspNetCore.Http;
using OciImage.Registry;

namespace OciImage.Tests.Registry;

/// <summary>What the tests of the client have in common.</summary>
internal static class RegistryFixture
{
    public const string Repository = "test/app";

    public static RegistryClient CreateClient(
        IRegistryCredentialProvider? credentials = null, int retries = 0, TimeSpan? idle = null) => new(new RegistryOptions
        {
            Scheme = RegistryScheme.Http,
            MaxRetries = retries,
            Credentials = credentials,
            IdleTimeout = idle ?? TimeSpan.FromSeconds(30),
        });

    public static Descriptor Blob(string content) => Descriptor.Create("application/octet-stream", Encoding.UTF8.GetBytes(content));

    public static OciDocument<ImageManifest> Manifest() => OciDocument<ImageManifest>.Create(new ImageManifest
    {
        MediaType = MediaTypes.ImageManifest,
        Config = Descriptor.Empty,
        Layers = [Descriptor.Empty],
    });

    public static async Task WriteManifestAsync(this HttpContext context, OciDocument<ImageManifest> manifest)
    {
        context.Response.ContentType = manifest.Descriptor.MediaType;
        context.Response.ContentLength = manifest.Bytes.Length;
        context.Response.Headers["Docker-Content-Digest"] = manifest.Descriptor.Digest.ToString();
        if (context.Request.Method != "HEAD")
        {
            await context.Response.Body.WriteAsync(manifest.Bytes);
        }
    }

    public sealed class FixedCredentials(string user, string password) : IRegistryCredentialProvider
    {
        public ValueTask<RegistryCredential?> GetCredentialAsync(
            string registry, string repository, CancellationToken cancellationToken = default) =>
            new(new RegistryCredential(user, password) { Source = "the test" });
    }
}
