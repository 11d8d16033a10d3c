using System.Runtime.CompilerServices;
using OciImage.Fuzz.Running;
using OciImage.Fuzz.Targets;

namespace OciImage.Fuzz;

/// <summary>Runs one target for a while (docs/testing.md).</summary>
internal static class Program
{
    public static int Main(string[] arguments)
    {
        if (FuzzSettings.Parse(arguments) is not { } settings)
        {
            Console.Error.WriteLine(FuzzSettings.Usage);
            return 2;
        }

        // The library is instrumented before its first type is loaded, which is when Run is compiled.
        using CoverageMap coverage = CoverageMap.Attach();
        return Run(settings, coverage);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Run(FuzzSettings settings, CoverageMap coverage)
    {
        FuzzTarget? target = FuzzTarget.All.FirstOrDefault(target => target.Name == settings.Target);
        if (target is null)
        {
            Console.Error.WriteLine(
                $"'{settings.Target}' is no target: {string.Join(", ", FuzzTarget.All.Select(target => target.Name))}\n{FuzzSettings.Usage}");
            return 2;
        }

        if (settings.Input is { } file)
        {
            target.Run(File.ReadAllBytes(file));
            Console.WriteLine($"{target.Name}: no bug");
            return 0;
        }

        return new FuzzRun(target, coverage, settings).Run();
    }
}
