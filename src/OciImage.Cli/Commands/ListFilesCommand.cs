using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Unicode;
using OciImage.Cli.Locations;
using OciImage.Cli.Output;
using OciImage.Layers;
using OciImage.Tar;

namespace OciImage.Cli.Commands;

/// <summary><c>ocimg ls-files LOC [PATH]</c>: what is in an image, without unpacking it.</summary>
internal static class ListFilesCommand
{
    public static Command Create(CommandContext context)
    {
        Argument<ImageLocation> location = Arguments.Location("LOC", "The image");
        var path = new Argument<string>("PATH")
        {
            Description = "The directory or file; links are followed inside the image.",
            DefaultValueFactory = _ => "/",
        };
        var details = new Option<bool>("--long", "-l") { Description = "Show mode, owner, size and time too." };
        var flat = new Option<bool>("--directory", "-d") { Description = "List the directory alone, not what is below its directories." };
        var zero = new Option<bool>("--null", "-z") { Description = "Write paths as the bytes that they are, each ended by a NUL." };
        Option<Platform?> platform = Arguments.Platform("The platform wanted, this machine's by default.");
        var windowsFiles = new Option<bool>("--windows-files") { Description = "Look at the files of a Windows image." };
        var access = new RegistryAccessOptions(context);
        var command = new Command("ls-files", "List the files of an image, as its layers leave them behind.")
        {
            location, path, details, flat, zero, platform, windowsFiles,
        };
        access.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            if (result.GetValue(zero) && (result.GetValue(details) || result.GetValue(context.Json)))
            {
                throw new UsageException("'--null' writes paths alone: it goes with neither '--long' nor '--json'.");
            }

            ImageLocation place = result.GetRequiredValue(location);
            await using ImageTree tree = await ImageTree.OpenAsync(
                context, result, place, access.Read(result), result.GetValue(platform), result.GetValue(windowsFiles), cancellationToken);
            ImageFile root = tree.Find(result.GetRequiredValue(path));
            IEnumerable<ImageFile> files =
                !root.IsDirectory ? [root] :
                result.GetValue(flat) ? root.GetChildren() :
                root.GetDescendants();
            if (result.GetValue(context.Json))
            {
                ResultWriter.WriteJson(
                    context,
                    new FilesResult(
                        place.ToString(), tree.Image.Manifest.Descriptor.Digest.ToString(), [.. files.Select(Describe)],
                        [.. tree.Files.Remarks.Select(remark => remark.Message)]),
                    ResultJsonContext.Results.FilesResult);
                return ExitCode.Done;
            }

            foreach (LayerRemark remark in tree.Files.Remarks)
            {
                context.Note(result, remark.Message);
            }

            if (result.GetValue(zero))
            {
                await WriteBytesAsync(context, files, cancellationToken);
                return ExitCode.Done;
            }

            foreach (ImageFile file in files)
            {
                context.Terminal.Out.WriteLine(result.GetValue(details) ? Line(file) : SafeText.Of(file.DisplayPath));
            }

            return ExitCode.Done;
        });

        return command;
    }

    private static async Task WriteBytesAsync(
        CommandContext context, IEnumerable<ImageFile> files, CancellationToken cancellationToken)
    {
        await using Stream output = context.Terminal.OpenOutput();
        await using var buffered = new BufferedStream(output, 64 * 1024);
        foreach (ImageFile file in files)
        {
            await buffered.WriteAsync((byte[])[(byte)'/', .. file.Path.Span, 0], cancellationToken);
        }
    }

    // As 'ls -l' shows it: drwxr-xr-x 0:0 4096 2026-11-24T10:00:00Z /path -> target
    private static string Line(ImageFile file)
    {
        string size = file.Type is TarEntryType.CharacterDevice or TarEntryType.BlockDevice
            ? $"{file.DeviceMajor},{file.DeviceMinor}"
            : file.Size.ToString(CultureInfo.InvariantCulture);
        string target = file.Type == TarEntryType.SymbolicLink
            ? $" -> {SafeText.Of(Encoding.UTF8.GetString(file.LinkTarget.Span))}"
            : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Kind(file.Type)}{Bits(file.Mode)} {file.Uid}:{file.Gid} {size,10} {Time(file.ModifiedTime)} {SafeText.Of(file.DisplayPath)}{target}");
    }

    private static FileResult Describe(ImageFile file) => new(
        file.DisplayPath,
        Utf8.IsValid(file.Path.Span) ? null : Convert.ToBase64String((byte[])[(byte)'/', .. file.Path.Span]),
        file.Type switch
        {
            TarEntryType.Directory => "directory",
            TarEntryType.SymbolicLink => "link",
            TarEntryType.CharacterDevice => "character device",
            TarEntryType.BlockDevice => "block device",
            TarEntryType.Fifo => "fifo",
            _ => "file",
        },
        Convert.ToString(file.Mode, 8).PadLeft(4, '0'),
        file.Uid,
        file.Gid,
        file.Size,
        Time(file.ModifiedTime),
        file.Type == TarEntryType.SymbolicLink ? Encoding.UTF8.GetString(file.LinkTarget.Span) : null,
        file.Type is TarEntryType.CharacterDevice or TarEntryType.BlockDevice ? $"{file.DeviceMajor}:{file.DeviceMinor}" : null,
        file.ContentDigest?.ToString(),
        file.LayerIndex < 0 ? null : file.LayerIndex,
        file.Xattrs.Count == 0 ? null : file.Xattrs.ToDictionary(
            xattr => Encoding.Latin1.GetString(xattr.Name.Span), xattr => Convert.ToBase64String(xattr.Value.Span)));

    private static char Kind(TarEntryType type) => type switch
    {
        TarEntryType.Directory => 'd',
        TarEntryType.SymbolicLink => 'l',
        TarEntryType.CharacterDevice => 'c',
        TarEntryType.BlockDevice => 'b',
        TarEntryType.Fifo => 'p',
        _ => '-',
    };

    private static string Bits(int mode)
    {
        char[] bits = "rwxrwxrwx".ToCharArray();
        for (int i = 0; i < bits.Length; i++)
        {
            if ((mode & (1 << (8 - i))) == 0)
            {
                bits[i] = '-';
            }
        }

        Mark(0x800, 2, 's');
        Mark(0x400, 5, 's');
        Mark(0x200, 8, 't');
        return new string(bits);

        void Mark(int bit, int place, char mark)
        {
            if ((mode & bit) != 0)
            {
                bits[place] = bits[place] == 'x' ? mark : char.ToUpperInvariant(mark);
            }
        }
    }

    // Times that no calendar here has are shown as seconds since 1970.
    private static string Time(TarTimestamp time)
    {
        if (time.Seconds < DateTimeOffset.MinValue.ToUnixTimeSeconds() || time.Seconds > DateTimeOffset.MaxValue.ToUnixTimeSeconds())
        {
            return time.Seconds.ToString(CultureInfo.InvariantCulture);
        }

        string seconds = DateTimeOffset.FromUnixTimeSeconds(time.Seconds).ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);
        return time.Nanoseconds == 0
            ? seconds + "Z"
            : string.Create(CultureInfo.InvariantCulture, $"{seconds}.{time.Nanoseconds:d9}Z");
    }
}
