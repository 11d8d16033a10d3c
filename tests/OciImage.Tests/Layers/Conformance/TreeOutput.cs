using OciImage.Content;
using OciImage.Layers;
using OciImage.Linux;

namespace OciImage.Tests.Layers.Conformance;

/// <summary>One merged directory tree.</summary>
/// <param name="avoidOpenAt2">Whether paths are walked by our own code rather than by the kernel.</param>
internal sealed class TreeOutput(bool avoidOpenAt2) : ICaseOutput
{
    public string Kind => "tree";

    public bool UsesFileSystem => true;

    public async Task<CaseResult> ApplyAsync(
        string place, IContentFetcher source, IReadOnlyList<LayerToApply> layers, UnpackOptions options, CancellationToken cancellationToken)
    {
        string target = Path.Combine(place, "root");
        options.AvoidOpenAt2 = avoidOpenAt2;
        UnpackReport report = await LayerUnpacker.UnpackAsync(source, layers, target, options, cancellationToken);
        bool isRoot = Libc.GetEffectiveUserId() == 0;

        return new CaseResult(TreeSnapshot.Read(target, loosen: !isRoot), report.Remarks)
        {
            Omissions = isRoot ? CaseOmissions.None : CaseOmissions.Owners,
        };
    }
}
