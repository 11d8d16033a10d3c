using System.Globalization;
using System.Text;
using OciImage.Linux;

namespace OciImage.Bundles;

/// <summary>Gives what is mounted at volumes the owner and the mode that the image has there.</summary>
internal sealed class VolumeDirectories(DirectoryHandle root, bool useOpenAt2)
{
    private const uint DefaultMode = 0x1ED;

    /// <summary>Makes the directories of a bundle that stand for volumes.</summary>
    public void Create(DirectoryHandle bundle, IReadOnlyList<string> volumes)
    {
        if (volumes.Count == 0)
        {
            return;
        }

        ReadOnlySpan<byte> name = "volumes"u8;
        bundle.CreateDirectory(name);
        bundle.ChangeMode(name, DefaultMode);
        int error = bundle.TryOpenDirectory(name, out DirectoryHandle? directory);
        if (error != 0)
        {
            throw LinuxError.Of(error, "Opening", name);
        }

        using (directory)
        {
            for (int i = 0; i < volumes.Count; i++)
            {
                Create(directory!, Encoding.ASCII.GetBytes(i.ToString(CultureInfo.InvariantCulture)), volumes[i]);
            }
        }
    }

    /// <summary>Gives the file systems in memory their owners; runtimes take the mode, and not the owner, from what is below them.</summary>
    public RuntimeSpecification AddOwners(RuntimeSpecification specification, IReadOnlyList<string> volumes)
    {
        var paths = volumes.ToHashSet(StringComparer.Ordinal);

        return specification with
        {
            Mounts = [.. specification.Mounts.Select(mount => paths.Contains(mount.Destination) ? AddOwner(mount) : mount)],
        };
    }

    private RuntimeMount AddOwner(RuntimeMount mount)
    {
        if (Find(mount.Destination) is not { } status || (status.Uid == 0 && status.Gid == 0))
        {
            return mount;
        }

        string[] owner =
        [
            string.Create(CultureInfo.InvariantCulture, $"uid={status.Uid}"),
            string.Create(CultureInfo.InvariantCulture, $"gid={status.Gid}"),
        ];
        return mount with { Options = [.. mount.Options, .. owner] };
    }

    private void Create(DirectoryHandle directory, byte[] name, string volume)
    {
        directory.CreateDirectory(name);
        FileStatus? status = Find(volume);
        if (status is { } original && Libc.GetEffectiveUserId() == 0)
        {
            directory.ChangeOwner(name, original.Uid, original.Gid);
        }

        // Last, since a change of the owner takes set-group-id bits away.
        directory.ChangeMode(name, (uint?)status?.Permissions ?? DefaultMode);
    }

    private FileStatus? Find(string volume)
    {
        if (new PathWalker(root, useOpenAt2).TryOpen(Encoding.UTF8.GetBytes(volume), out DirectoryHandle? directory) != 0)
        {
            return null;
        }

        using (directory)
        {
            return directory!.GetStatus();
        }
    }
}
