using OciImage.Registry.Auth;

namespace OciImage.Tests.Registry;

/// <summary>A challenge decides no more than a request needs (R17).</summary>
public sealed class AccessNeedTests
{
    [Theory]
    [InlineData(null, "repository:test/app:pull")]
    [InlineData("", "repository:test/app:pull")]
    [InlineData("repository:test/app:pull", "repository:test/app:pull")]
    [InlineData("repository:test/app:pull,push,delete", "repository:test/app:pull")] // no more than the need
    [InlineData("repository:test/app:push", "repository:test/app:pull")] // nothing of the need
    [InlineData("repository:test/app:*", "repository:test/app:pull")]
    [InlineData("repository:other/app:pull", "repository:test/app:pull")] // another repository
    [InlineData("registry:catalog:*", "repository:test/app:pull")]
    [InlineData("aws", "aws")] // opaque, verbatim
    [InlineData("repository(plugin):test/app:pull", "repository(plugin):test/app:pull")]
    public void Scopes_OfAPullAreItsOwn(string? demanded, string expected) =>
        Assert.Equal([expected], new AccessNeed("test/app", AccessNeed.Pull).Scopes(demanded));

    [Fact]
    public void Scopes_OfAMountReadTheOtherRepositoryToo() => Assert.Equal(
        ["repository:test/app:pull,push", "repository:test/base:pull"],
        new AccessNeed("test/app", AccessNeed.Push, "test/base").Scopes("repository:test/app:pull,push"));

    [Fact]
    public void Scopes_OfADeletionMayBeWhatTheRegistryCallsIt() => Assert.Equal(
        ["repository:test/app:*"], new AccessNeed("test/app", AccessNeed.Delete).Scopes("repository:test/app:*"));

    [Fact]
    public void Scopes_OfTheCatalogAreTheRegistrys() => Assert.Equal(
        ["registry:catalog:*"], new AccessNeed("", "*").Scopes("registry:catalog:*"));
}
