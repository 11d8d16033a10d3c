using System.Text;
using OciImage.Linux;

namespace OciImage.Layers;

/// <summary>Makes what an overlay needs besides files: whiteouts, and directories that hide what is below them.</summary>
internal sealed unsafe class OverlayAttributes(bool userXattrs, OverlayWhiteouts whiteouts)
{
    private readonly byte[] _prefix = Encoding.ASCII.GetBytes(userXattrs ? "user.overlay." : "trusted.overlay.");
    private bool _devicesAreRefused;

    /// <summary>Gets the beginning of the names that belong to the overlay.</summary>
    public ReadOnlyMemory<byte> Prefix => _prefix;

    /// <summary>Marks a directory that hides all that is below it.</summary>
    public void MarkOpaque(DirectoryHandle directory) => Set(directory, "."u8, "opaque"u8, "y"u8);

    /// <summary>Puts a whiteout under a name; returns whether it is an attribute, which its directory has to say too.</summary>
    public bool AddWhiteout(DirectoryHandle directory, byte[] name)
    {
        if (whiteouts != OverlayWhiteouts.Xattr && !_devicesAreRefused)
        {
            try
            {
                directory.CreateNode(name, FileStatus.CharacterDevice, 0, 0);
                return false;
            }
            catch (IOException exception) when (
                whiteouts == OverlayWhiteouts.Automatic && exception.HResult is LinuxError.NotPermitted or LinuxError.AccessDenied)
            {
                _devicesAreRefused = true;
            }
        }

        _ = Libc.Close(directory.CreateFile(name));
        Set(directory, name, "whiteout"u8, "y"u8);
        return true;
    }

    /// <summary>Marks a directory that has whiteouts which are attributes.</summary>
    public void MarkWhiteouts(DirectoryHandle directory) => Set(directory, "."u8, "opaque"u8, "x"u8);

    private void Set(DirectoryHandle directory, ReadOnlySpan<byte> name, ReadOnlySpan<byte> attribute, ReadOnlySpan<byte> value)
    {
        fixed (byte* path = directory.ProcPath(name), key = (byte[])[.. _prefix, .. attribute, 0], bytes = value)
        {
            if (Libc.SetLinkXattr(path, key, bytes, value.Length, 0) != 0)
            {
                throw LinuxError.Of(Libc.LastError, "Setting an attribute of the overlay on", name);
            }
        }
    }
}
