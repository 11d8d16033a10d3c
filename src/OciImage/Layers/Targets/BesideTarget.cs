using System.Text;
using OciImage.Linux;

namespace OciImage.Layers;

/// <summary>A tree that is made beside its target and renamed: it appears all at once.</summary>
internal sealed class BesideTarget(string parent, string name, TargetState state)
    : UnpackTarget(DirectoryHandle.OpenPath(parent), $".{Shorten(name)}.")
{
    private readonly byte[] _name = Encoding.UTF8.GetBytes(name);

    public override void Publish()
    {
        int error = Move(Staging, RootName, Place, _name, state == TargetState.Absent ? Libc.RenameNoReplace : 0);
        if (error == LinuxError.Invalid && state == TargetState.Absent)
        {
            // Some file systems cannot promise it; a directory that is not empty is not replaced even so.
            error = Move(Staging, RootName, Place, _name, flags: 0);
        }

        if (error is LinuxError.NotEmpty or LinuxError.Exists && state == TargetState.Replaceable)
        {
            error = Move(Staging, RootName, Place, _name, Libc.RenameExchange);
            if (error is LinuxError.Invalid or LinuxError.NoSystemCall)
            {
                error = ReplaceInTwoSteps();
            }
        }

        if (error != 0)
        {
            throw LinuxError.Of(error, "Publishing", _name);
        }
    }

    private int ReplaceInTwoSteps()
    {
        int error = Move(Place, _name, Staging, OldName, flags: 0);
        if (error != 0)
        {
            return error;
        }

        error = Move(Staging, RootName, Place, _name, flags: 0);
        if (error != 0)
        {
            _ = Move(Staging, OldName, Place, _name, flags: 0);
        }

        return error;
    }

    // The hidden name has 40 characters more, and a name has at most 255 bytes.
    private static string Shorten(string name) => name[..Math.Min(name.Length, 50)];
}
