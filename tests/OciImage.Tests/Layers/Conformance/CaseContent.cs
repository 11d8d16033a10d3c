using System.Text;

namespace OciImage.Tests.Layers.Conformance;

/// <summary>A text that is repeated.</summary>
internal sealed record CaseContent(string Text, int Times)
{
    public byte[] ToBytes()
    {
        byte[] text = Encoding.UTF8.GetBytes(Text);
        byte[] bytes = new byte[text.Length * Times];
        for (int i = 0; i < Times; i++)
        {
            text.CopyTo(bytes, i * text.Length);
        }

        return bytes;
    }

    /// <summary>Returns content that is given in one of three ways; nothing is empty.</summary>
    public static byte[] Of(string? text, string? base64, CaseContent? repeated) =>
        repeated?.ToBytes() ?? (base64 is not null ? Convert.FromBase64String(base64) : Encoding.UTF8.GetBytes(text ?? ""));
}
