using OciImage.Content;

namespace OciImage.Cli.Commands;

/// <summary>Reads documents by their descriptors.</summary>
internal static class Documents
{
    public static async Task<OciDocument<T>> ReadAsync<T>(
        IContentFetcher source, Descriptor descriptor, CancellationToken cancellationToken)
        where T : class, IOciDocumentModel<T>
    {
        await using ContentStream content = await source.OpenReadAsync(descriptor, cancellationToken);
        byte[] bytes = await content.ReadToEndAsync(DocumentOptions.DefaultMaxSize, cancellationToken);

        return OciDocument<T>.Parse(bytes, descriptor.MediaType);
    }
}
