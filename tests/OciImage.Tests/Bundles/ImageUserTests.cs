using System.Text;
using OciImage.Bundles;

namespace OciImage.Tests.Bundles;

public sealed class ImageUserTests
{
    private const string Passwd =
        """
        # a comment
        root:x:0:0:root:/root:/bin/sh
        broken
        web
        web:x:notanumber:1::/:/bin/sh
        web:x:4294967295:1::/:/bin/sh
        web:x:101:102:Web,,,:/home/web:/bin/sh
        web:x:0:0:second:/root:/bin/sh
        1000:x:0:0:a number as a name:/root:/bin/sh
        4294967296:x:0:0::/:/bin/sh
        -1:x:0:0::/:/bin/sh
        +5:x:0:0::/:/bin/sh
        +web2:x:0:0::/:/bin/sh
        :x:0:0::/:/bin/sh
        short:x:7:8
        user-1000:x:1000:1001::/home/user:/bin/sh
        grün:x:9:9::grün:/bin/sh
        """;

    private const string Groups =
        """
        root:x:0:
        www:x:200:web,short
        broken:x:abc:web
        broken
        web:x:102:web
        more:x:300:other, web
        more:x:301:
        again:x:200:web
        2000:x:0:
        nearly:x:400:webx,xweb
        """;

    [Theory]
    [InlineData(null, 0, 0, "", "/root")]
    [InlineData("", 0, 0, "", "/root")]
    [InlineData("0", 0, 0, "", "/root")]
    [InlineData("root", 0, 0, "", "/root")]
    [InlineData("web", 101, 102, "200,300", "/home/web")] // the first line that is one; its own group is not supplementary
    [InlineData("web:", 101, 102, "200,300", "/home/web")] // as Docker reads it
    [InlineData("web:www", 101, 200, "", "/home/web")]
    [InlineData("web:more", 101, 300, "", "/home/web")]
    [InlineData("web:7", 101, 7, "", "/home/web")]
    [InlineData("web:2000", 101, 2000, "", "/home/web")] // a number, although a group is called so
    [InlineData("101", 101, 102, "", "/home/web")] // the group of the line, and no supplementary ones
    [InlineData("101:www", 101, 200, "", "/home/web")]
    [InlineData("1000", 1000, 1001, "", "/home/user")] // not the user who is called so
    [InlineData("1000:", 1000, 1001, "", "/home/user")]
    [InlineData("1000:1000", 1000, 1000, "", "/home/user")]
    [InlineData("5000", 5000, 0, "", "/")]
    [InlineData("5000:6000", 5000, 6000, "", "/")]
    [InlineData("00012", 12, 0, "", "/")] // decimal, as everyone reads it
    [InlineData("4294967294", 4294967294, 0, "", "/")]
    [InlineData("short", 7, 8, "200", "/")]
    [InlineData("grün", 9, 9, "", "/")] // a home that is no absolute path is none
    public void Resolve_FindsTheUser(string? user, uint uid, uint gid, string additional, string home)
    {
        ImageUser found = ImageUser.Resolve(user, Encoding.UTF8.GetBytes(Passwd), Encoding.UTF8.GetBytes(Groups));

        Assert.Equal((uid, gid, home), (found.Uid, found.Gid, found.Home));
        Assert.Equal(additional, string.Join(',', found.AdditionalGids));
    }

    [Theory]
    [InlineData(":100")] // would be root
    [InlineData(":")]
    [InlineData("a:b:c")]
    [InlineData("0:0:0")]
    [InlineData("-1")] // numbers that are none, although a user is called so
    [InlineData("+5")]
    [InlineData("4294967295")]
    [InlineData("4294967296")]
    [InlineData("18446744073709551616")]
    [InlineData("0:4294967295")]
    [InlineData("0:-1")]
    [InlineData("2147483648:99999999999")]
    [InlineData("a\0b")]
    public void Resolve_RefusesWhatIsNoUser(string user)
    {
        BundleException refusal = Assert.Throws<BundleException>(
            () => ImageUser.Resolve(user, Encoding.UTF8.GetBytes(Passwd), Encoding.UTF8.GetBytes(Groups)));

        Assert.Equal(BundleErrorKind.InvalidUser, refusal.Kind);
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("Web")]
    [InlineData(" web")]
    [InlineData("web\n")]
    [InlineData("0x10")]
    [InlineData("1e3")]
    [InlineData("١٢")] // digits of another script are a name
    [InlineData("broken")]
    [InlineData("+web2")]
    [InlineData("web:nogroup")]
    [InlineData("0:broken")]
    [InlineData("# a comment")]
    [InlineData("-")]
    public void Resolve_RefusesNamesThatAreNotThere(string user)
    {
        BundleException refusal = Assert.Throws<BundleException>(
            () => ImageUser.Resolve(user, Encoding.UTF8.GetBytes(Passwd), Encoding.UTF8.GetBytes(Groups)));

        Assert.Equal(BundleErrorKind.UnknownUser, refusal.Kind);
    }

    [Fact]
    public void Resolve_ReadsLinesAsTheSystemDoes()
    {
        byte[] passwd = Encoding.UTF8.GetBytes("\r\n  web:x:101:102::/home/web:/bin/sh\r\n\r\nlast:x:5:6::/l:");
        byte[] group = Encoding.UTF8.GetBytes("www:x:200:a,web\r\nnone:x:201:\r\n");

        ImageUser web = ImageUser.Resolve("web", passwd, group);
        ImageUser last = ImageUser.Resolve("last:none", passwd, group);

        Assert.Equal((101u, 102u, "/home/web"), (web.Uid, web.Gid, web.Home));
        Assert.Equal([200u], web.AdditionalGids);
        Assert.Equal((5u, 201u, "/l"), (last.Uid, last.Gid, last.Home));
    }

    [Fact]
    public void Resolve_KeepsBytesThatAreNotUtf8FromBeingNames()
    {
        byte[] passwd = [.. "w"u8, 0xFF, .. ":x:1:1::/h:\nhome:x:2:2::/h"u8, 0xFF, .. ":\nnul:x:3:3::/a\0b:"u8];

        Assert.Throws<BundleException>(() => ImageUser.Resolve("w\uFFFD", passwd, []));
        Assert.Equal("/", ImageUser.Resolve("home", passwd, []).Home);
        Assert.Equal("/", ImageUser.Resolve("nul", passwd, []).Home);
    }

    [Fact]
    public void Resolve_RefusesMoreGroupsThanAProcessCanHave()
    {
        var groups = new StringBuilder();
        for (int i = 1; i <= 65537; i++)
        {
            groups.Append("g:x:").Append(i).Append(":u\n");
        }

        BundleException refusal = Assert.Throws<BundleException>(
            () => ImageUser.Resolve("u", "u:x:1000000:1000000:::"u8, Encoding.UTF8.GetBytes(groups.ToString())));

        Assert.Equal(BundleErrorKind.UnreadableUsers, refusal.Kind);
    }
}
