using OciImage.Fuzz.Running;
using OciImage.Fuzz.Targets;

namespace OciImage.Tests.Fuzz;

/// <summary>The seeds of the fuzz targets, and some mutations of each; docs/testing.md has the longer run.</summary>
public sealed class FuzzTargetTests
{
    private const int MutationsPerSeed = 300;

    public static TheoryData<string> Targets => [.. FuzzTarget.All.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Target_TakesItsSeedsAndTheirMutations(string name)
    {
        FuzzTarget target = FuzzTarget.All.Single(target => target.Name == name);
        IReadOnlyList<byte[]> seeds = target.ReadSeeds();
        var mutator = new Mutator(target, seed: 1);

        Assert.True(seeds.Count >= 10, $"'{name}' has {seeds.Count} seeds.");
        foreach (byte[] seed in seeds)
        {
            Run(target, seed);
            for (int i = 0; i < target.MutationsPerSeed; i++)
            {
                Run(target, mutator.Next(seeds));
            }
        }
    }

    [Fact]
    public void Mutator_RepeatsItselfForTheSameSeed()
    {
        FuzzTarget target = FuzzTarget.All[0];
        var first = new Mutator(target, seed: 7);
        var second = new Mutator(target, seed: 7);
        var other = new Mutator(target, seed: 8);
        IReadOnlyList<byte[]> seeds = target.ReadSeeds();

        byte[][] inputs = [.. Enumerable.Range(0, 100).Select(_ => first.Next(seeds))];

        Assert.Equal(inputs, Enumerable.Range(0, 100).Select(_ => second.Next(seeds)));
        Assert.NotEqual(inputs, Enumerable.Range(0, 100).Select(_ => other.Next(seeds)));
        Assert.True(inputs.DistinctBy(Convert.ToHexString).Count() > 90, "The inputs repeat.");
    }

    [Fact]
    public void Mutator_FindsWhatATargetMustNotTake()
    {
        var target = new FragileTarget();
        var mutator = new Mutator(target, seed: 1);
        int found = 0;

        for (int i = 0; i < MutationsPerSeed; i++)
        {
            found += Record.Exception(() => target.Run(mutator.Next(["harmless"u8.ToArray()]))) is BrokenPromiseException ? 1 : 0;
        }

        Assert.InRange(found, 1, MutationsPerSeed - 1);
    }

    private static void Run(FuzzTarget target, byte[] input)
    {
        Exception? bug = Record.Exception(() => target.Run(input));

        Assert.True(bug is null, $"The input (in base64) {Convert.ToBase64String(input)} breaks '{target.Name}': {bug}");
    }

    /// <summary>Breaks at one of its words.</summary>
    private sealed class FragileTarget : FuzzTarget
    {
        public override string Name => "fragile";

        public override IReadOnlyList<string> Words => ["fatal", "odd", "even", "word"];

        public override void Run(ReadOnlySpan<byte> input) =>
            BrokenPromiseException.Unless(input.IndexOf("fatal"u8) < 0, "It was fatal.");
    }
}
