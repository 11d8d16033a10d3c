using System.Text;
using OciImage;

// What breaks first when a library is not ready for ahead-of-time compilation is JSON: one round trip of each document.
var config = OciDocument<ImageConfig>.Create(new ImageConfig { Architecture = "amd64", Os = "linux" });
var manifest = OciDocument<ImageManifest>.Create(new ImageManifest
{
    MediaType = MediaTypes.ImageManifest,
    Config = config.Descriptor,
    Annotations = new Dictionary<string, string> { ["a"] = "b" },
});
var index = OciDocument<ImageIndex>.Create(new ImageIndex
{
    MediaType = MediaTypes.ImageIndex,
    Manifests = [manifest.Descriptor],
});

bool same =
    OciDocument<ImageConfig>.Parse(config.Bytes).Value.Equals(config.Value) &&
    OciDocument<ImageManifest>.Parse(manifest.Bytes).Value.Equals(manifest.Value) &&
    OciDocument<ImageIndex>.Parse(index.Bytes).Value.Equals(index.Value);
Console.WriteLine($"aot check: {(same ? "ok" : "documents differ")}: {Encoding.UTF8.GetString(index.Bytes.Span)}");

return same ? 0 : 1;
