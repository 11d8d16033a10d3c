using System.Diagnostics;
using OciImage.Tar;

namespace OciImage.Tests.Tar;

/// <summary>Lets other tools list what the writer wrote, where they are installed.</summary>
public sealed class TarWriterPeerTests
{
    private static readonly TarEntry[] Entries =
    [
        TestEntries.Link(TarEntryType.Directory, "d", ""),
        TestEntries.File("d/" + new string('n', 254), "hello", uid: 70_000, time: new TarTimestamp(86_400, 0)),
        TestEntries.File(new string('n', 200), "x", uid: 4_000_000_000, time: new TarTimestamp(86_400, 500_000_000)),
        TestEntries.File("ü", xattr: ("user.a", "1")),
        TestEntries.Link(TarEntryType.SymbolicLink, "s", new string('t', 150)),
        TestEntries.Link(TarEntryType.HardLink, "h", "\u00FC"),
    ];

    [Theory]
    [InlineData("tar")]
    [InlineData("bsdtar")]
    public async Task Archive_IsListedByOtherTools(string tool)
    {
        byte[] archive = await TestEntries.WriteAsync(Entries);

        string? output = await ListAsync(tool, archive);

        Assert.SkipWhen(output is null, $"{tool} is not installed.");
        Assert.Equal(
            ["d/", "d/" + new string('n', 254), new string('n', 200), "ü", "s", "h"],
            output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private static async Task<string?> ListAsync(string tool, byte[] archive)
    {
        var start = new ProcessStartInfo(tool, ["-tf", "-"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["LC_ALL"] = "C.UTF-8";
        // GNU tar shows what is not printable in octal unless told otherwise.
        start.Environment["TAR_OPTIONS"] = tool == "tar" ? "--quoting-style=literal" : "";
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }

        using (process)
        {
            CancellationToken token = TestContext.Current.CancellationToken;
            Task<string> output = process.StandardOutput.ReadToEndAsync(token);
            Task<string> errors = process.StandardError.ReadToEndAsync(token);
            await process.StandardInput.BaseStream.WriteAsync(archive, token);
            process.StandardInput.Close();
            await process.WaitForExitAsync(token);

            Assert.True(process.ExitCode == 0, await errors);
            return await output;
        }
    }
}
