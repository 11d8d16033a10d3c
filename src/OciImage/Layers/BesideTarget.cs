using System.Text;
using OciImage.Linux;

namespace OciImage.Layers;

/// <summary>A tree that is made beside its target and renamed: it appears all at once.</summary>
internal sealed class BesideTarget(string parent, string name)
    : UnpackTarget(DirectoryHandle.OpenPath(parent), $".{Shorten(name)}.")
{
    private readonly byte[] _name = Encoding.UTF8.GetBytes(name);

    public override void Publish()
    {
        // Over an empty directory a plain rename works; over one with content the two change places.
        int error = Rename(Staging, RootName, Place, _name, flags: 0);
        if (error is LinuxError.NotEmpty or LinuxError.Exists)
        {
            error = Rename(Staging, RootName, Place, _name, Libc.RenameExchange);
        }

        if (error != 0)
        {
            throw LinuxError.Of(error, "Publishing", _name);
        }
    }

    // The hidden name has 40 characters more, and a name has at most 255 bytes.
    private static string Shorten(string name) => name[..Math.Min(name.Length, 50)];
}
