using OciImage.Fuzz.Running;

namespace OciImage.Fuzz.Targets;

/// <summary>A parser that takes any bytes: it refuses them as documented, or gives what it promises. All else is a bug.</summary>
public abstract class FuzzTarget
{
    /// <summary>Gets all targets.</summary>
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new ChallengeTarget(), new ConfigTarget(), new LinkTarget(), new ReferenceTarget(), new HostsFileTarget(), new RegistriesTarget(),
        new ArchiveTarget(), new TarTarget(), new UnpackTarget(),
    ];

    /// <summary>Gets the name, which is also that of the seeds' directory.</summary>
    public abstract string Name { get; }

    /// <summary>Gets texts that mean something to the parser; mutations insert them.</summary>
    public abstract IReadOnlyList<string> Words { get; }

    /// <summary>Gets how many mutations a seed has in the unit tests.</summary>
    public virtual int MutationsPerSeed => 300;

    /// <summary>Gets the seeds, in the order of their names.</summary>
    public IReadOnlyList<byte[]> ReadSeeds() => SeedFiles.Read(Name);

    /// <summary>Gives bytes to the parser; throws only when there is a bug.</summary>
    public abstract void Run(ReadOnlySpan<byte> input);
}
