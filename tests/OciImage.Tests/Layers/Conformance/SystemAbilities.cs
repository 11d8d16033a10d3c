using OciImage.Linux;
using OciImage.TestKit;

namespace OciImage.Tests.Layers.Conformance;

/// <summary>What this system and this file system can have, so that a case that needs more is passed over with the reason.</summary>
internal sealed class SystemAbilities
{
    // A capability of version 2, CAP_NET_RAW; and an ACL: owner rw-, user 1 r--, group r--, mask r--, others ---.
    private static readonly (string Name, byte[] Value)[] Probes =
    [
        ("user.probe", [1]),
        ("trusted.probe", [1]),
        ("security.capability", [1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        ("system.posix_acl_access", [2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255, 2, 0, 4, 0, 1, 0, 0, 0, 4, 0, 4, 0, 255, 255, 255, 255, 16, 0, 4, 0, 255, 255, 255, 255, 32, 0, 0, 0, 255, 255, 255, 255]),
    ];

    private const string MemoryDirectory = "/dev/shm";

    private static readonly Lazy<SystemAbilities> Chosen = new(Choose);

    private readonly HashSet<string> _xattrs = [];
    private bool _hasDevices;

    private SystemAbilities(string? place) => Place = place;

    /// <summary>Gets what there is where cases run.</summary>
    public static SystemAbilities Here => Chosen.Value;

    /// <summary>Gets where cases run; null for the system's temporary directory.</summary>
    public string? Place { get; }

    // Thousands of small trees take a fraction of the time in memory, where that can have all that a disk has.
    private static SystemAbilities Choose()
    {
        SystemAbilities disk = Probe(null);
        try
        {
            SystemAbilities memory = Probe(MemoryDirectory);
            return memory._xattrs.IsSupersetOf(disk._xattrs) && memory._hasDevices == disk._hasDevices ? memory : disk;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return disk;
        }
    }

    private static SystemAbilities Probe(string? place)
    {
        var abilities = new SystemAbilities(place);
        using var directory = new TemporaryDirectory(place);
        string file = directory.WriteFile("file", "");
        foreach ((string name, byte[] value) in Probes)
        {
            if (TestXattrs.TrySet(file, name, value))
            {
                abilities._xattrs.Add(Namespace(name));
            }
        }

        try
        {
            using DirectoryHandle opened = DirectoryHandle.OpenPath(directory.Path);
            opened.CreateNode("null"u8, FileStatus.CharacterDevice, 1, 3);
            abilities._hasDevices = true;
        }
        catch (IOException)
        {
            // Nobody here may make one.
        }

        return abilities;
    }

    /// <summary>Returns what an expectation needs and the system lacks, or <see langword="null"/>.</summary>
    public string? LackFor(CaseExpectation expectation)
    {
        foreach (CaseNode node in expectation.Tree?.Values ?? [])
        {
            if (node.Type is "char" or "block" && !_hasDevices)
            {
                return "Nobody here may make devices.";
            }

            if (node.Xattrs.Keys.FirstOrDefault(name => !_xattrs.Contains(Namespace(name))) is { } lacking)
            {
                return $"There are no attributes like '{lacking}' here.";
            }
        }

        return null;
    }

    private static string Namespace(string xattr) => xattr[..xattr.IndexOf('.', StringComparison.Ordinal)];
}
