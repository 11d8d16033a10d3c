using BenchmarkDotNet.Attributes;

namespace OciImage.Benchmarks;

/// <summary>What reading and writing a manifest of 20 layers costs.</summary>
[MemoryDiagnoser]
public class DocumentBenchmarks
{
    private OciDocument<ImageManifest> _manifest = OciDocument<ImageManifest>.Create(new ImageManifest { Config = Descriptor.Empty });

    [GlobalSetup]
    public void Setup() => _manifest = OciDocument<ImageManifest>.Create(new ImageManifest
    {
        MediaType = MediaTypes.ImageManifest,
        Config = Descriptor.Create(MediaTypes.ImageConfig, "{}"u8),
        Layers = [.. Enumerable.Range(0, 20).Select(i => Descriptor.Create(MediaTypes.LayerGzip, BitConverter.GetBytes(i)))],
    });

    [Benchmark]
    public int Parse() => OciDocument<ImageManifest>.Parse(_manifest.Bytes).Value.Layers.Count;

    [Benchmark]
    public int Create() => OciDocument<ImageManifest>.Create(_manifest.Value).Bytes.Length;

    [Benchmark]
    public bool ParseReference() => ImageReference.TryParse("registry.example:5000/team/app:v1.2.3", out _);

    [Benchmark]
    public bool ParseDigest() => Digest.TryParse("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", out _);
}
