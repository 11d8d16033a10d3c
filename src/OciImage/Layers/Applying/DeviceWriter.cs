using OciImage.Linux;
using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>Makes devices and FIFOs, or what stands for them.</summary>
internal sealed class DeviceWriter(DevicePolicy policy, LayerRemarks remarks)
{
    private const int MaxMajor = 0xFFF;
    private const int MaxMinor = 0xFFFFF;

    private readonly DevicePolicy _policy =
        policy == DevicePolicy.Automatic && Libc.GetEffectiveUserId() != 0 ? DevicePolicy.Skip : policy;

    /// <summary>Gets whether a character device 0:0 would hide what is below it.</summary>
    public bool ForOverlay { get; init; }

    public DeviceOutcome Write(TarEntry entry, DirectoryHandle parent, byte[] name)
    {
        if (entry.Type == TarEntryType.Fifo)
        {
            parent.CreateNode(name, FileStatus.Fifo, 0, 0);
            return DeviceOutcome.Made;
        }

        if (ForOverlay && entry is { Type: TarEntryType.CharacterDevice, DeviceMajor: 0, DeviceMinor: 0 })
        {
            return Skip(entry, "was skipped: in an overlay it would remove what is below it");
        }

        switch (_policy)
        {
            case DevicePolicy.Create or DevicePolicy.Automatic:
                return Create(entry, parent, name);
            case DevicePolicy.Placeholder:
                _ = Libc.Close(parent.CreateFile(name));
                parent.ChangeMode(name, 0);
                Note(entry, "became an empty file");
                return DeviceOutcome.Replaced;
            default:
                return Skip(entry, "was skipped");
        }
    }

    private DeviceOutcome Create(TarEntry entry, DirectoryHandle parent, byte[] name)
    {
        if (entry.DeviceMajor > MaxMajor || entry.DeviceMinor > MaxMinor)
        {
            throw new LayerException(
                LayerErrorKind.Unsafe,
                $"The entry '{Excerpt.Of(entry.DisplayName)}' is refused: Linux has no device {entry.DeviceMajor}:{entry.DeviceMinor}.",
                entry.DisplayName);
        }

        try
        {
            uint type = entry.Type == TarEntryType.CharacterDevice ? FileStatus.CharacterDevice : FileStatus.BlockDevice;
            parent.CreateNode(name, type, (uint)entry.DeviceMajor, (uint)entry.DeviceMinor);
            return DeviceOutcome.Made;
        }
        catch (IOException exception) when (
            _policy == DevicePolicy.Automatic && exception.HResult == LinuxError.NotPermitted)
        {
            // Root inside a user namespace may not make any.
            return Skip(entry, "was skipped: the system lets nobody here make one");
        }
    }

    private DeviceOutcome Skip(TarEntry entry, string what)
    {
        Note(entry, what);
        return DeviceOutcome.Skipped;
    }

    private void Note(TarEntry entry, string what) =>
        remarks.Add(LayerRemarkKind.Device, entry.DisplayName, $"The device '{Excerpt.Of(entry.DisplayName)}' {what}.");
}
