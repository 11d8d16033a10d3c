using OciImage.Content;

namespace OciImage.Cli.Output;

/// <summary>Writes verified content to a file or to the standard output.</summary>
internal static class OutputFile
{
    private const int BufferSize = 128 * 1024;

    /// <summary>Writes content; a file gets its name only when all of it was verified.</summary>
    public static Task WriteAsync(
        CommandContext context, string? path, ContentStream content, CancellationToken cancellationToken) =>
        WriteAsync(context, path, target => CopyAsync(content, target, cancellationToken));

    /// <summary>Writes what is written to a stream; a file gets its name only when that is complete.</summary>
    public static async Task WriteAsync(CommandContext context, string? path, Func<Stream, Task> write)
    {
        if (path is null or "-")
        {
            await using Stream output = context.Terminal.OpenOutput();
            await write(output);
            await output.FlushAsync();
            return;
        }

        string temporary = $"{path}.{Path.GetRandomFileName()}.tmp";
        try
        {
            await using (var file = new FileStream(
                temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.Asynchronous))
            {
                await write(file);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private static async Task CopyAsync(ContentStream content, Stream target, CancellationToken cancellationToken)
    {
        await content.CopyToAsync(target, BufferSize, cancellationToken);
        await content.CompleteAsync(cancellationToken);
        await target.FlushAsync(cancellationToken);
    }
}
