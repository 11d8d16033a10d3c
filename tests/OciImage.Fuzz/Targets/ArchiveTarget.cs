using OciImage.Content;
using OciImage.Layout;

namespace OciImage.Fuzz.Targets;

/// <summary>Archives of images: tar, an OCI layout or Docker's lists in it, compressed or not.</summary>
public sealed class ArchiveTarget : FuzzTarget
{
    private const int MaxDocument = 64 * 1024;
    private const int MaxAsked = 20;

    private static readonly ImageArchiveOptions Options = new() { MaxSpoolSize = 1024 * 1024, MaxEntries = 2000 };

    /// <inheritdoc/>
    public override string Name => "archive";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Words =>
    [
        "ustar\0" + "00", "oci-layout", "index.json", "manifest.json", "blobs/sha256/", "layer.tar", "../", "./", "repositories",
        "\"manifests\":[", "\"mediaType\":\"application/vnd.oci.image.index.v1+json\"", "\"digest\":\"sha256:", "\"size\":0",
        "\"org.opencontainers.image.ref.name\":\"", "\"io.containerd.image.name\":\"", "\"Config\":\"", "\"RepoTags\":[\"a:b\"]",
        "\"Layers\":[", "\"subject\":{", "\"diff_ids\":[", "30 mtime=1\n", "GNU.sparse.major", "path=", "size=99999999999", "null", "{}", "[]",
    ];

    /// <summary>Opens an archive and asks for everything; returns whether it was one.</summary>
    public static bool Take(ReadOnlySpan<byte> input)
    {
        byte[] bytes = input.ToArray();
        try
        {
            // A stream of memory completes at once.
            return TakeAsync(bytes).AsTask().GetAwaiter().GetResult();
        }
        catch (Exception refusal) when (refusal is DocumentFormatException or LayerException)
        {
            Refusal.Check(refusal);
            return false;
        }
    }

    /// <inheritdoc/>
    /// <remarks>Changes rarely leave a tar archive whole, so each input is also taken with its headers put right.</remarks>
    public override void Run(ReadOnlySpan<byte> input)
    {
        Take(input);
        if (TarMending.TryMend(input) is { } mended)
        {
            Take(mended);
        }
    }

    private static async ValueTask<bool> TakeAsync(byte[] bytes)
    {
        await using ImageArchive archive = await ImageArchive.OpenAsync(new MemoryStream(bytes, writable: false), Options);
        string[] names = await archive.ListReferencesAsync().ToArrayAsync();
        BrokenPromiseException.Unless(
            names.SequenceEqual(names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)), "Names are not in order.");
        BrokenPromiseException.Unless(
            names.All(name => name.Length is > 0 and <= 1024 && !name.Any(char.IsControl)), "A name is none that may be shown.");
        IReadOnlyList<Descriptor> roots = await archive.ReadRootsAsync();
        foreach (string name in names.Take(MaxAsked))
        {
            await CheckNameAsync(archive, roots, name);
        }

        foreach (Descriptor root in roots.Take(MaxAsked))
        {
            await CheckRootAsync(archive, root);
        }

        BrokenPromiseException.Unless((await archive.ReadRootsAsync()).SequenceEqual(roots), "The roots are not the same twice.");
        return true;
    }

    private static async ValueTask CheckNameAsync(ImageArchive archive, IReadOnlyList<Descriptor> roots, string name)
    {
        try
        {
            Descriptor found = await archive.ResolveAsync(name);
            BrokenPromiseException.Unless(
                roots.Any(root => root.Digest == found.Digest) || Digest.TryParse(name, out _), "A name leads to what is no root.");
        }
        catch (Exception refusal) when (refusal is ContentNotFoundException or DocumentFormatException)
        {
            Refusal.Check(refusal);
        }
    }

    private static async ValueTask CheckRootAsync(ImageArchive archive, Descriptor root)
    {
        await archive.ListReferrersAsync(root).ToArrayAsync();
        if (root.Digest.CanVerify)
        {
            try
            {
                BrokenPromiseException.Unless(
                    (await archive.ResolveAsync(root.Digest.ToString())).Digest == root.Digest, "A digest leads to another.");
            }
            catch (ContentNotFoundException refusal)
            {
                Refusal.Check(refusal);
            }
        }

        if (root.Size > MaxDocument || await TryReadAsync(archive, root) is not { } bytes || !ContentGraph.HasChildren(root))
        {
            return;
        }

        IReadOnlyList<Descriptor> children;
        try
        {
            children = ContentGraph.ParseChildren(root.ToContentDescriptor(), bytes, new DocumentOptions());
        }
        catch (DocumentFormatException refusal)
        {
            Refusal.Check(refusal);
            return;
        }

        foreach (Descriptor child in children.Where(child => child.Size <= MaxDocument).Take(MaxAsked))
        {
            await TryReadAsync(archive, child);
        }
    }

    private static async ValueTask<byte[]?> TryReadAsync(ImageArchive archive, Descriptor descriptor)
    {
        bool exists = await archive.ExistsAsync(descriptor);
        try
        {
            await using ContentStream stream = await archive.OpenReadAsync(descriptor);
            BrokenPromiseException.Unless(exists, "What is not there is opened.");
            byte[] bytes = await stream.ReadToEndAsync(MaxDocument);
            BrokenPromiseException.Unless(
                Digest.Compute(bytes, descriptor.Digest.Algorithm) == descriptor.Digest && bytes.Length == descriptor.Size,
                "What was read is not what was asked for.");
            return bytes;
        }
        catch (Exception refusal) when (refusal is ContentNotFoundException or ContentVerificationException or DocumentFormatException)
        {
            Refusal.Check(refusal);
            return null;
        }
    }
}
