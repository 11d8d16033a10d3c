using System.Diagnostics;
using System.Security.Cryptography;
using OciImage.Fuzz.Targets;

namespace OciImage.Fuzz.Running;

/// <summary>A timed run: mutations of the seeds, and of inputs that reached something new.</summary>
internal sealed class FuzzRun(FuzzTarget target, CoverageMap coverage, FuzzSettings settings)
{
    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(10);

    private byte[] _current = [];
    private long _started;

    /// <summary>Runs until time is up or a bug is found; returns the exit code.</summary>
    public int Run()
    {
        using var watch = new Timer(_ => EndWhereItHangs(), null, Hang, TimeSpan.FromSeconds(1));
        List<byte[]> pool = [.. target.ReadSeeds()];
        Console.WriteLine($"{target.Name}: {pool.Count} seeds, {settings.Time.TotalSeconds} s, seed {settings.Seed}");
        foreach (byte[] seed in pool)
        {
            if (!TryRun(seed))
            {
                return 1;
            }
        }

        var mutator = new Mutator(target, settings.Seed);
        var clock = Stopwatch.StartNew();
        long runs = 0;
        for (; clock.Elapsed < settings.Time; runs++)
        {
            byte[] input = mutator.Next(pool);
            coverage.Clear();
            if (!TryRun(input))
            {
                return 1;
            }

            if (coverage.HasNew())
            {
                pool.Add(input);
            }
        }

        Console.WriteLine($"{target.Name}: {runs} inputs, {coverage.Branches} branches, {pool.Count} inputs kept, no bug");
        return 0;
    }

    private bool TryRun(byte[] input)
    {
        Volatile.Write(ref _current, input);
        Volatile.Write(ref _started, Stopwatch.GetTimestamp());
        try
        {
            target.Run(input);
            return true;
        }
        catch (Exception exception)
        {
            Console.Error.WriteLine($"{target.Name}: a bug, with the input in {Save(input, "bug")}\n{exception}");
            return false;
        }
        finally
        {
            Volatile.Write(ref _started, 0);
        }
    }

    private void EndWhereItHangs()
    {
        long started = Volatile.Read(ref _started);
        if (started != 0 && Stopwatch.GetElapsedTime(started) > Hang)
        {
            Console.Error.WriteLine($"{target.Name}: no end, with the input in {Save(Volatile.Read(ref _current), "hang")}");
            Environment.Exit(1);
        }
    }

    private string Save(byte[] input, string kind)
    {
        string name = $"{kind}-{target.Name}-{Convert.ToHexStringLower(SHA256.HashData(input))[..16]}";
        string path = Path.Combine(Directory.CreateDirectory(settings.Findings).FullName, name);
        File.WriteAllBytes(path, input);

        return path;
    }
}
