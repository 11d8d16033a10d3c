using OciImage.Layout;
using OciImage.TestKit;
using OciImage.TestKit.Stores;

namespace OciImage.Tests.Layout;

public sealed class OciLayoutConformanceTests : ImageStoreConformance<OciLayout>, IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private int _count;

    // Whatever a test did: no store holds anything unfinished but ingests, and every blob is what its name says.
    public void Dispose()
    {
        foreach (string layout in Directory.GetDirectories(_directory.Path))
        {
            Assert.Empty(Directory.GetFiles(Path.Combine(layout, ".ociimage"), "*.tmp"));
            foreach (string blob in Directory.GetFiles(Path.Combine(layout, "blobs"), "*", SearchOption.AllDirectories))
            {
                string algorithm = Path.GetFileName(Path.GetDirectoryName(blob))!;
                Assert.Equal(Path.GetFileName(blob), Digest.Compute(File.ReadAllBytes(blob), algorithm).Encoded);
            }
        }

        _directory.Dispose();
    }

    protected override ValueTask<OciLayout> CreateAsync() => OciLayout.OpenOrCreateAsync(
        _directory.Combine($"layout{_count++}"),
        new OciLayoutOptions { Durability = Durability.None },
        TestContext.Current.CancellationToken);
}
