using OciImage.TestKit;
using OciImage.TestKit.Peers;

namespace OciImage.Interop.Tests.Engines;

/// <summary>Makes images with a program in them that needs nothing of its root.</summary>
internal static class Programs
{
    public const string Output = "hello from a container\n";

    /// <summary>Builds an image with such a program into a layout and returns the layout's place.</summary>
    public static async Task<string> BuildImageAsync(TemporaryDirectory directory)
    {
        Peer gcc = Peer.Require("gcc");
        string source = directory.WriteFile(
            "hello.c", "#include <unistd.h>\nint main(void) { return write(1, \"hello from a container\\n\", 23) != 23; }\n");
        string program = directory.Combine("hello");
        await gcc.RunOkAsync("-static", "-Os", "-o", program, source);
        string place = $"oci:{directory.Combine("image")}:v1";
        await Ocimg.RunOkAsync(
            "build", place, "--from", "scratch", "--add", $"{program}:/bin/hello", "--entrypoint", """["/bin/hello"]""");

        return place;
    }
}
