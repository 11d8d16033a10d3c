namespace OciImage.Interop.Tests;

[CollectionDefinition(Name)]
public sealed class DebianImageCollection : ICollectionFixture<DebianImage>
{
    public const string Name = "Debian image";
}
