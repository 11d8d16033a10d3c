using OciImage.Layout;
using OciImage.TestKit;
using OciImage.TestKit.Peers;
using Xunit;

namespace OciImage.Interop.Tests.Archives;

/// <summary>A real dockerd loads what this library writes, and what it saves is read.</summary>
[Collection(DockerDaemonCollection.Name)]
public sealed class DockerArchiveTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Docker_LoadsWhatExportWrites_AndImportReadsWhatItSaves()
    {
        await using DockerDaemon docker = await DockerDaemon.StartAsync(_directory.CreateDirectory("d"));
        OciLayout layout = await OciLayout.OpenOrCreateAsync(_directory.Combine("layout"), cancellationToken: Token);
        Dictionary<string, string> configs = [];
        foreach (string tag in new[] { "v1", "v2" })
        {
            configs[tag] = ConfigOf(await TestContent.ReadAsync(layout, await ArchiveSamples.PushImageAsync(layout, tag)));
        }

        string place = $"oci:{layout.DirectoryPath}";
        string export = _directory.Combine("export.tar");
        await Ocimg.RunOkAsync(
            "export", $"{place}:v1", $"{place}:v2", "--name", "docker.io/library/sample:v1", "--name", "localhost:5000/team/sample:v2",
            "-o", export);

        string loaded = await docker.RunAsync("load", "-i", export);
        string first = (await docker.RunAsync("images", "-q", "--no-trunc", "sample:v1")).Trim();
        string second = (await docker.RunAsync("images", "-q", "--no-trunc", "localhost:5000/team/sample:v2")).Trim();

        Assert.Contains("Loaded image: sample:v1", loaded, StringComparison.Ordinal);
        Assert.Equal(configs["v1"], first); // Docker's id is the configuration's digest
        Assert.Equal(configs["v2"], second);

        // Two names of one image, two images, and layers that they share.
        string saved = _directory.Combine("saved.tar");
        await docker.RunAsync("tag", "sample:v1", "other/sample:v3");
        await docker.RunAsync("save", "-o", saved, "sample:v1", "other/sample:v3", "localhost:5000/team/sample:v2");
        string names = await Ocimg.RunOkAsync("tags", $"docker-archive:{saved}");
        string imported = await Ocimg.RunOkAsync("import", "-n", "moby", saved, _directory.Combine("back"));

        Assert.Equal(
            "docker.io/library/sample:v1\ndocker.io/other/sample:v3\nlocalhost:5000/team/sample:v2", names);
        Assert.Equal(3, imported.Split('\n').Length);
        foreach (string name in names.Split('\n'))
        {
            await Ocimg.RunOkAsync("check", $"docker-archive:{saved}:{name}");
            string back = $"oci:{_directory.Combine("back")}/:{name}";
            await Ocimg.RunOkAsync("check", "-n", "moby", back);
            Assert.Equal(
                name.EndsWith("v2", StringComparison.Ordinal) ? configs["v2"] : configs["v1"],
                ConfigOf(TestContent.Bytes(await Ocimg.RunOkAsync("manifest", "get", "-n", "moby", back))));
        }
    }

    [Fact]
    public async Task Docker_LoadsEveryFormThatHasItsList()
    {
        await using DockerDaemon docker = await DockerDaemon.StartAsync(_directory.CreateDirectory("d"));
        OciLayout layout = await OciLayout.OpenOrCreateAsync(_directory.Combine("layout"), cancellationToken: Token);
        string config = ConfigOf(await TestContent.ReadAsync(layout, await ArchiveSamples.PushImageAsync(layout, "v1")));
        string place = $"oci:{layout.DirectoryPath}:v1";
        string[][] ways =
        [
            ["export", place, "--name", "sample:0", "--format", "docker", "-o", "FILE"],
            ["export", place, "--name", "sample:1", "--format", "docker", "--compress", "gzip", "-o", "FILE"],
            ["copy", place, "docker-archive:FILE:sample:2"],
            ["copy", "--format", "docker", "--compress", "none", place, "docker-archive:FILE:sample:3"],
        ];

        for (int i = 0; i < ways.Length; i++)
        {
            string file = _directory.Combine($"{i}.tar");
            await Ocimg.RunOkAsync([.. ways[i].Select(argument => argument.Replace("FILE", file, StringComparison.Ordinal))]);
            await docker.RunAsync("load", "-i", file);

            Assert.Equal(config, (await docker.RunAsync("images", "-q", "--no-trunc", $"sample:{i}")).Trim());
        }
    }

    private static string ConfigOf(byte[] manifest) => OciDocument<ImageManifest>.Parse(manifest).Value.Config.Digest.ToString();
}
