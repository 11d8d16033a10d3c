using OciImage.Registry;

namespace OciImage.Tests.Registry;

public sealed class RegistryOptionsTests
{
    [Fact]
    public void Setters_RefuseWhatCannotBe()
    {
        var options = new RegistryOptions();

        Assert.Throws<ArgumentOutOfRangeException>(() => options.Scheme = (RegistryScheme)7);
        Assert.Throws<ArgumentOutOfRangeException>(() => options.MaxConcurrencyPerHost = 0);
        Assert.Throws<ArgumentOutOfRangeException>(() => options.MaxRetries = -1);
        Assert.Throws<ArgumentOutOfRangeException>(() => options.MaxRetryAfter = TimeSpan.FromSeconds(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => options.IdleTimeout = TimeSpan.Zero);
        Assert.Throws<ArgumentOutOfRangeException>(() => options.IdleTimeout = TimeSpan.MaxValue);
        Assert.Throws<ArgumentOutOfRangeException>(() => options.ConnectTimeout = TimeSpan.Zero);
        Assert.Throws<ArgumentNullException>(() => options.TrustedHosts = null!);
        Assert.Throws<ArgumentNullException>(() => options.TimeProvider = null!);
        Assert.Throws<ArgumentNullException>(() => options.Documents = null!);
        Assert.Throws<ArgumentException>(() => options.UserAgent = "");
        Assert.Throws<ArgumentException>(() => options.UserAgent = "ocimage\r\nX-Injected: 1");
    }

    [Fact]
    public void Clone_SharesNothingThatChanges()
    {
        var trusted = new List<string> { "a.example" };
        var options = new RegistryOptions { TrustedHosts = trusted };

        RegistryOptions clone = options.Clone();
        trusted.Add("b.example");
        options.Documents.MaxSize = 1;

        Assert.Equal(["a.example"], clone.TrustedHosts);
        Assert.Equal(DocumentOptions.DefaultMaxSize, clone.Documents.MaxSize);
    }
}
