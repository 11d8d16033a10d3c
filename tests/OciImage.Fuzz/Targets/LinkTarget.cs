using System.Text;
using OciImage.Registry.Http;

namespace OciImage.Fuzz.Targets;

/// <summary>Link headers; a line each.</summary>
public sealed class LinkTarget : FuzzTarget
{
    /// <inheritdoc/>
    public override string Name => "link";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Words =>
        ["<", ">", ";", "=", "\"", "\\", ", ", "rel", "next", "rel=next", "rel=\"next\"", "</v2/_catalog?n=1&last=a>"];

    /// <inheritdoc/>
    public override void Run(ReadOnlySpan<byte> input)
    {
        string[] headers = Encoding.Latin1.GetString(input).Split('\n');
        if (LinkHeader.FindNext(headers) is not { } address)
        {
            return;
        }

        BrokenPromiseException.Unless(!address.Contains('>', StringComparison.Ordinal), "An address goes beyond its end.");
        BrokenPromiseException.Unless(
            headers.Any(header => header.Contains(address, StringComparison.Ordinal)), "An address is not that of a header.");
        BrokenPromiseException.Unless(LinkHeader.FindNext([$"<{address}>; rel=next"]) == address, "An address is not read twice alike.");
    }
}
