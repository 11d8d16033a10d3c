using System.Security.Cryptography;
using System.Text;

namespace OciImage.Layout;

/// <summary>Where the ingest of a key stands. A key may be 255 characters and differ only in case, which names of files cannot.</summary>
internal readonly record struct IngestPlace(string Path)
{
    public const string Suffix = ".ingest";
    public const string RecordSuffix = ".state";

    public string Record => System.IO.Path.ChangeExtension(Path, RecordSuffix);

    public static IngestPlace Of(LayoutPaths paths, string key) => new(System.IO.Path.Combine(
        paths.Ingest, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key))) + Suffix));
}
