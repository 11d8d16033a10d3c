using System.Net;
using OciImage.Registry.Http;
using OciImage.Registry.Routing;

namespace OciImage.Registry.Blobs;

/// <summary>Fetches blobs from the <c>urls</c> of their descriptors: without a credential, and only from where a registry may send its client.</summary>
/// <remarks>Anybody can write such a URL (CVE-2020-15157). What comes from there is verified like everything else.</remarks>
internal sealed class ForeignUrls(RegistryTransport transport, RegistryOptions options)
{
    private const int MaxUrls = 10;

    /// <summary>Opens the blob at the first URL that has it, or returns <see langword="null"/>.</summary>
    /// <exception cref="RegistryException">None has it, and the last one was refused or refuses.</exception>
    public async ValueTask<Stream?> TryOpenAsync(
        RepositoryPlace place, Descriptor descriptor, CancellationToken cancellationToken)
    {
        RegistryException? last = null;
        foreach (string url in descriptor.Urls.Take(MaxUrls))
        {
            try
            {
                Uri address = place.Host.Policy.ResolveForeign(url);
                HttpResponseMessage response = await transport.GetForeignAsync(place.Host, address, cancellationToken)
                    .ConfigureAwait(false);
                if (response.StatusCode == HttpStatusCode.OK &&
                    (response.Content.Headers.ContentLength ?? descriptor.Size) == descriptor.Size)
                {
                    return new ForeignStream(
                        new IdleTimeoutStream(
                            await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), options.IdleTimeout)
                        {
                            Host = place.Host,
                        },
                        address);
                }

                using (response)
                {
                    last = response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.NotFound
                        ? last
                        : await transport.FaultAsync(response, cancellationToken).ConfigureAwait(false);
                }
            }
            catch (RegistryException exception)
            {
                last = exception;
            }
        }

        return last is null ? null : throw last;
    }
}
