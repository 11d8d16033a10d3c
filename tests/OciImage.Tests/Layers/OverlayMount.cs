using System.Diagnostics;
using OciImage.Layers;
using OciImage.TestKit;

namespace OciImage.Tests.Layers;

/// <summary>Shows the directories of an overlay through the kernel, which only root may ask for.</summary>
internal sealed class OverlayMount : IDisposable
{
    private readonly string _point;

    private OverlayMount(string point) => _point = point;

    public string Path => _point;

    public static OverlayMount Of(OverlayTree tree, TemporaryDirectory directory)
    {
        string point = directory.CreateDirectory($"mount-{Guid.NewGuid():N}");
        string empty = directory.CreateDirectory($"empty-{Guid.NewGuid():N}");
        string options = $"ro,{tree.MountOptions}";
        if (tree.LowerDirectories.Count == 1)
        {
            options = options.Replace(",userxattr", "", StringComparison.Ordinal) + $":{empty}" + (tree.UserXattrs ? ",userxattr" : "");
        }

        (int exitCode, string error) = Run("mount", "-t", "overlay", "overlay", "-o", options, point);
        Assert.True(exitCode == 0, error);

        return new OverlayMount(point);
    }

    /// <summary>Skips the test where nobody may mount.</summary>
    public static void Require()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Only root mounts.");
        using var directory = new TemporaryDirectory();
        string one = directory.CreateDirectory("1");
        string two = directory.CreateDirectory("2");
        string point = directory.CreateDirectory("point");
        (int exitCode, string error) = Run("mount", "-t", "overlay", "overlay", "-o", $"ro,lowerdir={one}:{two}", point);
        Assert.SkipWhen(exitCode != 0, $"Overlays cannot be mounted here: {error}");
        Run("umount", point);
    }

    public void Dispose() => Run("umount", _point);

    private static (int ExitCode, string Error) Run(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            string error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, error);
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            return (-1, exception.Message);
        }
    }
}
