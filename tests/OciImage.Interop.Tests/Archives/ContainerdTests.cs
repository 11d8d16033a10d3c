using OciImage.TestKit;
using OciImage.TestKit.Peers;
using Xunit;

namespace OciImage.Interop.Tests.Archives;

/// <summary>What containerd and this library say of the same images.</summary>
public sealed class ContainerdTests
{
    [Fact]
    public async Task Containerd_AnswersOnItsOwnSocket()
    {
        using var directory = new TemporaryDirectory();
        await using Containerd containerd = await Containerd.StartAsync(directory.Path);

        string images = await containerd.RunAsync("default", "images", "ls", "-q");

        Assert.Equal("", images);
    }
}
