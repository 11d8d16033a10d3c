namespace OciImage.Tests.Layers;

/// <summary>An owner that root has to change to, and that others never look at.</summary>
internal static class FixtureOwner
{
    public const uint Uid = 1234;
    public const uint Gid = 2345;
}
