using System.Runtime.InteropServices;
using System.Text;
using OciImage.Content;
using OciImage.Layers;
using OciImage.Linux;
using OciImage.TestKit;

namespace OciImage.Tests.Layers.Conformance;

/// <summary>A directory a layer, as the kernel shows them together. Only root may ask it to.</summary>
internal sealed partial class OverlayOutput(OverlayOptions overlay) : ICaseOutput
{
    private const int ReadOnly = 1;
    private const int Detach = 2;

    public string Kind => "overlay";

    public bool UsesFileSystem => true;

    /// <summary>Returns why nothing can be mounted here, or <see langword="null"/>.</summary>
    public static string? Lack()
    {
        if (!LayerUnpacker.IsSupported || Libc.GetEffectiveUserId() != 0)
        {
            return "Only root mounts.";
        }

        using var directory = new TemporaryDirectory(SystemAbilities.Here.Place);
        string point = directory.CreateDirectory("point");
        int error = TryMount(point, $"lowerdir={directory.CreateDirectory("1")}:{directory.CreateDirectory("2")}");
        if (error == 0)
        {
            Unmount(point);
        }

        return error == 0 ? null : $"Overlays cannot be mounted here: {LinuxError.Describe(error)}.";
    }

    public async Task<CaseResult> ApplyAsync(
        string place, IContentFetcher source, IReadOnlyList<LayerToApply> layers, UnpackOptions options, CancellationToken cancellationToken)
    {
        OverlayTree tree = await LayerUnpacker.UnpackOverlayAsync(
            source, layers, Path.Combine(place, "root"), options, overlay, cancellationToken);
        string point = Directory.CreateDirectory(Path.Combine(place, "point")).FullName;

        // The kernel wants two directories at least; one that is empty changes nothing.
        string empty = Directory.CreateDirectory(Path.Combine(place, "empty")).FullName;
        string mountOptions = $"lowerdir={string.Join(':', tree.LowerDirectories)}:{empty}{(tree.UserXattrs ? ",userxattr" : "")}";
        int error = TryMount(point, mountOptions);
        Assert.True(error == 0, $"The kernel does not take '{mountOptions}': {LinuxError.Describe(error)}.");
        try
        {
            return new CaseResult(TreeSnapshot.Read(point, loosen: false), tree.Report.Remarks);
        }
        finally
        {
            Unmount(point);
        }
    }

    private static unsafe int TryMount(string point, string options)
    {
        fixed (byte* name = "overlay\0"u8, path = Encoding.UTF8.GetBytes(point + '\0'), data = Encoding.UTF8.GetBytes(options + '\0'))
        {
            return Mount(name, path, name, ReadOnly, data) == 0 ? 0 : Libc.LastError;
        }
    }

    private static unsafe void Unmount(string point)
    {
        fixed (byte* path = Encoding.UTF8.GetBytes(point + '\0'))
        {
            _ = Unmount(path, Detach);
        }
    }

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true)]
    private static unsafe partial int Mount(byte* source, byte* target, byte* type, nuint flags, byte* data);

    [LibraryImport("libc", EntryPoint = "umount2", SetLastError = true)]
    private static unsafe partial int Unmount(byte* target, int flags);
}
