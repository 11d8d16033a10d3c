using OciImage.Compression;
using OciImage.Content;
using OciImage.Images;
using OciImage.TestKit;
using static OciImage.Tests.Images.Conversion.SampleGraph;

namespace OciImage.Tests.Images.Conversion;

/// <summary>A signature of one digest is none of another: what refers to what changes never comes along unnoticed.</summary>
public sealed class ImageConverterReferrerTests
{
    private readonly MemoryStore _source = new();
    private readonly MemoryStore _target = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ConvertAsync_RefusesReferrersOfWhatChanges()
    {
        Descriptor image = await AddImageAsync(_source, "one");
        Descriptor signature = await AddReferrerAsync(image);

        ConversionException error = await Assert.ThrowsAsync<ConversionException>(
            () => ConvertAsync(_source, _target, image, WithReferrers()));
        ConversionReport report = await ConvertAsync(_source, _target, image, WithReferrers(allowLoss: true));

        Assert.True(error.CanBeLeftOut);
        Assert.Equal(signature.Digest, Assert.Single(report.Losses).Content.Digest);
        Assert.False(await _target.ExistsAsync(signature, Token));
    }

    [Fact]
    public async Task ConvertAsync_AsksForReferrersOfTheWantedTypesOnly()
    {
        Descriptor image = await AddImageAsync(_source, "one");
        await AddReferrerAsync(image);
        ConversionOptions options = WithReferrers();
        options.Copy.ReferrerTypes = ["application/other", "application/another"];

        Assert.Empty((await ConvertAsync(_source, _target, image, options)).Losses);
    }

    [Fact]
    public async Task ConvertAsync_CarriesReferrersOfWhatStays()
    {
        Descriptor changed = await AddImageAsync(_source, "one");
        Descriptor kept = await AddImageAsync(_source, "two", CompressionFormat.Zstd, "arm64");
        Descriptor signature = await AddReferrerAsync(kept);
        Descriptor index = await AddIndexAsync(_source, [changed, kept]);

        ConversionReport report = await ConvertAsync(_source, _target, index, WithReferrers());

        Assert.Empty(report.Losses);
        Assert.True(await _target.ExistsAsync(signature, Token));
    }

    [Fact]
    public async Task ConvertAsync_OfNothingCopiesReferrers()
    {
        Descriptor image = await AddImageAsync(_source, "one", CompressionFormat.Zstd);
        Descriptor signature = await AddReferrerAsync(image);

        await ConvertAsync(_source, _target, image, WithReferrers());

        Assert.True(await _target.ExistsAsync(signature, Token));
    }

    [Fact]
    public async Task ConvertAsync_RefusesTagsMadeOfDigestsThatChange()
    {
        Descriptor image = await AddImageAsync(_source, "one");
        await _source.TagAsync(await AddImageAsync(_source, "signature"), $"sha256-{image.Digest.Encoded}.sig", Token);
        var options = new ConversionOptions { Compression = CompressionFormat.Zstd };
        options.Copy.IncludeDigestTags = true;

        ConversionException error = await Assert.ThrowsAsync<ConversionException>(
            () => ConvertAsync(_source, _target, image, options));
        options.AllowLoss = true;
        ConversionReport report = await ConvertAsync(_source, _target, image, options);

        Assert.Contains(".sig", error.Message, StringComparison.Ordinal);
        Assert.Single(report.Losses);
        Assert.Equal(["v1"], await _target.ListReferencesAsync(Token).ToArrayAsync(Token));
    }

    // Listed beside its subject, and no attestation that only points to it.
    [Fact]
    public async Task ConvertAsync_RefusesReferrersThatTheIndexLists()
    {
        Descriptor image = await AddImageAsync(_source, "one");
        Descriptor signature = await AddReferrerAsync(image);
        Descriptor inner = await AddIndexAsync(_source, [image, signature]);
        Descriptor index = await AddIndexAsync(_source, [inner]);
        var options = new ConversionOptions { Compression = CompressionFormat.Zstd };

        await Assert.ThrowsAsync<ConversionException>(() => ConvertAsync(_source, _target, index, options));
        options.AllowLoss = true;
        ConversionReport report = await ConvertWholeAsync(_source, _target, index, options);

        Assert.Equal(signature.Digest, Assert.Single(report.Losses).Content.Digest);
        Descriptor after = Assert.Single((await ReadIndexAsync(_target, report.Result)).Manifests);
        Assert.Single((await ReadIndexAsync(_target, after)).Manifests);
    }

    [Fact]
    public async Task ConvertAsync_RefusesASourceThatCannotListWhatIsAskedFor()
    {
        Descriptor image = await AddImageAsync(_source, "one");

        await Assert.ThrowsAsync<NotSupportedException>(() => ConvertAsync(
            new Content.RecordingSource(_source), _target, image, WithReferrers()));
    }

    private static ConversionOptions WithReferrers(bool allowLoss = false)
    {
        var options = new ConversionOptions { Compression = CompressionFormat.Zstd, AllowLoss = allowLoss };
        options.Copy.IncludeReferrers = true;

        return options;
    }

    private async Task<Descriptor> AddReferrerAsync(Descriptor subject) =>
        await PushAsync(_source, OciDocument<ImageManifest>.Create(new ImageManifest
        {
            MediaType = MediaTypes.ImageManifest,
            ArtifactType = "application/signature",
            Config = await TestImage.PushAsync(_source, MediaTypes.Empty, "{}"),
            Layers = [await TestImage.PushAsync(_source, "text/plain", "signed")],
            Subject = subject.ToContentDescriptor(),
        }));
}
