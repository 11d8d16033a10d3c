using System.Text;
using OciImage.Tar;

namespace OciImage.Tests.Layers;

/// <summary>An entry of a layer that a test makes, with names as Latin-1 so that any byte can be written.</summary>
internal sealed record TestEntry(TarEntryType Type, string Name)
{
    public byte[] Content { get; init; } = [];

    public string Link { get; init; } = "";

    public int Mode { get; init; } = Octal("644");

    public long Uid { get; init; } = FixtureOwner.Uid;

    public long Gid { get; init; } = FixtureOwner.Gid;

    public TarTimestamp Time { get; init; } = new(1_500_000_000, 0);

    public (long Major, long Minor) Device { get; init; }

    public (string Name, byte[] Value)[] Xattrs { get; init; } = [];

    public static TestEntry File(string name, string content = "content") =>
        new(TarEntryType.RegularFile, name) { Content = Encoding.UTF8.GetBytes(content) };

    public static TestEntry Directory(string name, string mode = "755") =>
        new(TarEntryType.Directory, name) { Mode = Octal(mode) };

    public static TestEntry Symlink(string name, string target) => new(TarEntryType.SymbolicLink, name) { Link = target };

    public static TestEntry HardLink(string name, string target) => new(TarEntryType.HardLink, name) { Link = target };

    public static TestEntry Fifo(string name) => new(TarEntryType.Fifo, name);

    public static TestEntry Character(string name, long major, long minor) =>
        new(TarEntryType.CharacterDevice, name) { Device = (major, minor) };

    public static int Octal(string mode) => Convert.ToInt32(mode, 8);

    public TarEntry ToTarEntry() => new()
    {
        Type = Type,
        Name = Encoding.Latin1.GetBytes(Name),
        LinkName = Encoding.Latin1.GetBytes(Link),
        Size = Content.Length,
        Mode = Mode,
        Uid = Uid,
        Gid = Gid,
        ModifiedTime = Time,
        DeviceMajor = Device.Major,
        DeviceMinor = Device.Minor,
        Xattrs = [.. Xattrs.Select(xattr => new TarXattr(Encoding.UTF8.GetBytes(xattr.Name), xattr.Value))],
    };
}
