using System.Runtime.CompilerServices;

namespace OciImage.Cli.Tests;

/// <summary>Keeps the machine's configuration of registries out of the tests.</summary>
internal static class Hermetic
{
    [ModuleInitializer]
    internal static void Initialize()
    {
        string file = Path.Combine(Path.GetTempPath(), $"ocimage-empty-{Guid.NewGuid():N}.conf");
        File.WriteAllText(file, "");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => File.Delete(file);
        Environment.SetEnvironmentVariable("CONTAINERS_REGISTRIES_CONF", file);
    }
}
