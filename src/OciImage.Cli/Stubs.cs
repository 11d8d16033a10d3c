namespace OciImage.Cli;
internal static class Stubs
{
    public static ValueTask<Descriptor> ResolveBlobAsync(this Registry.RepositoryClient l, Digest d, CancellationToken c) => throw new UsageException("Not yet.");
}
