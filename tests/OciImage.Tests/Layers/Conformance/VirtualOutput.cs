using System.Security.Cryptography;
using OciImage.Content;
using OciImage.Layers;

namespace OciImage.Tests.Layers.Conformance;

/// <summary>The merged tree without unpacking.</summary>
internal sealed class VirtualOutput : ICaseOutput
{
    // Each opening reads a layer again, so not every file of a large case is opened.
    private const int MaxOpened = 10;

    public string Kind => "virtual";

    public bool UsesFileSystem => false;

    public static ImageFileTreeOptions Options(UnpackOptions options) => new()
    {
        MaxEntries = Math.Min(options.MaxEntries, new ImageFileTreeOptions().MaxEntries),
        MaxBytes = options.MaxBytes,
        MaxDepth = options.MaxDepth,
    };

    public async Task<CaseResult> ApplyAsync(
        string place, IContentFetcher source, IReadOnlyList<LayerToApply> layers, UnpackOptions options, CancellationToken cancellationToken)
    {
        ImageFileTree tree = await ImageFileTree.ReadAsync(source, layers, Options(options), cancellationToken);
        var found = new Dictionary<string, FoundNode> { ["."] = Describe(tree.Root, null) };
        var identities = new Dictionary<MergedNode, string>(ReferenceEqualityComparer.Instance);
        int opened = 0;
        foreach (ImageFile file in tree.Root.GetDescendants())
        {
            string path = TreeSnapshot.Key(file.Path.Span);
            identities.TryAdd(file.Node, path);
            found.Add(path, Describe(file, identities[file.Node]));
            Assert.Equal(file.Node, tree.Find(file.Path.Span, followLinks: false)?.Node);
            if (file.ContentDigest is { } digest && ++opened <= MaxOpened)
            {
                await using Stream content = await tree.OpenReadAsync(file, cancellationToken);
                Assert.Equal(digest.Encoded, Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellationToken)));
            }
        }

        return new CaseResult(found, tree.Remarks) { Omissions = CaseOmissions.Holes };
    }

    private static FoundNode Describe(ImageFile file, string? identity) => new(ArchiveOutput.TypeName(file.Type))
    {
        Mode = file.Mode,
        Uid = file.Uid,
        Gid = file.Gid,
        Seconds = file.ModifiedTime.Seconds,
        Nanoseconds = file.ModifiedTime.Nanoseconds,
        Link = file.LinkTarget.ToArray(),
        Device = (file.DeviceMajor, file.DeviceMinor),
        Size = file.Size,
        Sha256 = file.ContentDigest?.Encoded ?? "",
        Xattrs = ArchiveOutput.Xattrs(file.Xattrs),
        Identity = file.IsDirectory ? null : identity,
    };
}
