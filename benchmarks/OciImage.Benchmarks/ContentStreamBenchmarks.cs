using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using OciImage.Content;

namespace OciImage.Benchmarks;

/// <summary>What verification costs over the hash that it needs, on reads of 128 KiB.</summary>
[MemoryDiagnoser]
public class ContentStreamBenchmarks
{
    private const int ReadSize = 128 * 1024;

    private readonly byte[] _buffer = new byte[ReadSize];
    private byte[] _content = [];
    private Descriptor _descriptor = Descriptor.Empty;

    [Params(64 * 1024 * 1024)]
    public int Size { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _content = new byte[Size];
        new Random(1).NextBytes(_content);
        _descriptor = Descriptor.Create("application/octet-stream", _content);
    }

    [Benchmark(Baseline = true)]
    public int BareIncrementalHash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var source = new MemoryStream(_content, writable: false);
        int read;
        while ((read = source.Read(_buffer)) > 0)
        {
            hash.AppendData(_buffer, 0, read);
        }

        return hash.GetHashAndReset().Length;
    }

    [Benchmark]
    public bool Read()
    {
        using var stream = new ContentStream(new MemoryStream(_content, writable: false), _descriptor);
        while (stream.Read(_buffer) > 0)
        {
        }

        return stream.IsVerified;
    }

    [Benchmark]
    public async Task<bool> ReadAsync()
    {
        await using var stream = new ContentStream(new MemoryStream(_content, writable: false), _descriptor);
        while (await stream.ReadAsync(_buffer) > 0)
        {
        }

        return stream.IsVerified;
    }
}
