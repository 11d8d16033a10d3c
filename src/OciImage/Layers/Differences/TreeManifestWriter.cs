using System.Buffers;
using System.Globalization;
using System.Text;

namespace OciImage.Layers;

/// <summary>Writes manifests in their one form: a line that says what it is, one a name, and one that counts them.</summary>
internal static class TreeManifestWriter
{
    private const int EnoughToWrite = 64 * 1024;

    public static ReadOnlySpan<byte> Header => "OciImage tree 1"u8;

    public static ReadOnlySpan<byte> End => "end "u8;

    public static async ValueTask WriteAsync(TreeManifest manifest, Stream target, CancellationToken cancellationToken)
    {
        var waiting = new ArrayBufferWriter<byte>(2 * EnoughToWrite);
        waiting.Write(Header);
        waiting.Write("\n"u8);
        foreach ((byte[] path, TreeNode node) in manifest.Walk())
        {
            TreeManifestLine.Write(waiting, path, node);
            waiting.Write("\n"u8);
            if (waiting.WrittenCount >= EnoughToWrite)
            {
                await target.WriteAsync(waiting.WrittenMemory, cancellationToken).ConfigureAwait(false);
                waiting.ResetWrittenCount();
            }
        }

        waiting.Write(End);
        Encoding.ASCII.GetBytes(manifest.Entries.ToString(CultureInfo.InvariantCulture) + "\n", waiting);
        await target.WriteAsync(waiting.WrittenMemory, cancellationToken).ConfigureAwait(false);
        await target.FlushAsync(cancellationToken).ConfigureAwait(false);
    }
}
