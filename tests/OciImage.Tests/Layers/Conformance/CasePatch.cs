using System.Text;

namespace OciImage.Tests.Layers.Conformance;

/// <summary>Bytes that stand in a header of 512 bytes instead of what belongs there.</summary>
internal sealed record CasePatch
{
    public required int At { get; init; }

    public string? Text { get; init; }

    public string? Base64 { get; init; }

    public byte[] ToBytes() => Base64 is not null ? Convert.FromBase64String(Base64) : Encoding.UTF8.GetBytes(Text ?? "");
}
