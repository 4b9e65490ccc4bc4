package FakeGemini::Upload;

# The resumable upload and its roots: files, file search stores, environments.
# The address that a start was answered with is credential enough; a key may
# stand beside it if it is of the same project.  uploadType=resumable, without
# headers of its own, is as Google's other APIs have it: Location, Range, 308.

use Mojo::Base -strict, -signatures;

use Digest::MD5 ();
use Exporter 'import';
use FakeGemini::Json qw(data_answer o);
use FakeGemini::Files qw(file_shown new_file);
use FakeGemini::SearchStores qw(add_document);
use FakeGemini::Environments qw(add_environment_file);

our @EXPORT_OK = qw(upload_route upload_answer upload_begins);

use constant {
    GRANULARITY => 8 << 20,
    KEEP        => 1 << 20,
};

my $version = qr/v1|v1beta|v1alpha/;


sub upload_route ($req) {
    my ($method, $path) = @$req{qw(method path)};

    return 0 unless $path =~ m{^/upload/($version)/(?:files
        |fileSearchStores/(?<store>[^/:]+):uploadToFileSearchStore
        |environments/(?<environment>[^/:]+)/files/(?<file>.+))$}x;

    @$req{qw(version verb resource)} = ($1, 'upload', 'upload');
    @$req{qw(store environment file)} = @+{qw(store environment file)};
    $req->{authorised} = 1 if defined $req->{args}{upload_id};

    return $method eq 'POST' || $method eq 'PUT' ? 1 : 0;
}


sub header ($req, $name) {
    my ($pair) = grep { lc $_->[0] eq $name } @{$req->{headers}};
    return $pair ? $pair->[1] : '';
}


# before the body: its bytes are digested as they come, and count only once it
# is whole
sub upload_begins ($app, $req) {
    my $id = $req->{args}{upload_id};
    my $upload = defined $id ? $app->{uploads}{$id} : undef;
    my $is_whole = !defined $id
        && header($req, 'x-goog-upload-protocol') =~ /^(?:raw|multipart)/;

    return if !$upload && !$is_whole;

    my $got = $req->{received} = {
        digest  => $upload ? $upload->{digest}->clone : Digest::MD5->new,
        content => $upload ? $upload->{content} : '',
    };

    $req->{sink} = sub ($bytes) {
        $got->{digest}->add($bytes);
        $got->{content} .= $bytes if length $got->{content} < KEEP;
    };

    return;
}


sub upload_answer ($app, $req) {
    my $command = header($req, 'x-goog-upload-command');
    my $id = $req->{args}{upload_id};

    if (!defined $id) {
        return at_once($app, $req) if $req->{received};
        return start($app, $req) if $command =~ /\bstart\b/
            || ($req->{args}{uploadType} // '') eq 'resumable';
        return ('bad_request', {});
    }

    # a key beside the address
    return ('key_invalid', {})
        if defined $req->{key} && !defined $req->{project};

    my $upload = $app->{uploads}{$id} // return plain(404, 'Not Found');

    return plain(403, 'Forbidden') if $upload->{project}
        ne ($req->{project} // $upload->{project});
    return plain(404, 'Not Found') if $upload->{path} ne $req->{path};

    return classic($app, $req, $upload) if $upload->{classic};

    return state_of($upload, $upload->{state}) if $command =~ /\bquery\b/;
    return plain(400, "Upload has already been $upload->{state}")
        if $upload->{state} ne 'active';
    return cancel($upload) if $command =~ /\bcancel\b/;

    return piece($app, $req, $upload, $command);
}


sub cancel ($upload) {
    $upload->{state} = 'cancelled';
    return state_of($upload, 'cancelled');
}


sub piece ($app, $req, $upload, $command) {
    my $size = $upload->{size};

    if ($command =~ /\bupload\b/) {
        my $offset = header($req, 'x-goog-upload-offset');

        return plain(400, "Offset $offset does not match $size")
            if $offset ne $size;

        $size += $req->{length};

    } elsif ($command !~ /\bfinalize\b/) {
        return plain(400, "Unknown command \"$command\"");
    }

    return plain(400, "$size bytes, not the $upload->{told} that were told")
        if $upload->{told} ne '' && ($size > $upload->{told}
            || $command =~ /\bfinalize\b/ && $size != $upload->{told});

    @$upload{qw(size digest content)} = ($size, @{$req->{received}}{
        qw(digest content)});

    return state_of($upload, 'active') if $command !~ /\bfinalize\b/;
    return finish($app, $upload);
}


# a piece is told by its Content-Range; "*" for one asks what has come
sub classic ($app, $req, $upload) {
    my ($from, $to, $all) = header($req, 'content-range')
        =~ m{^bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)$}
        or return plain(400, 'Invalid Content-Range');

    return plain(400, "Upload has already been $upload->{state}")
        if $upload->{state} ne 'active';

    if (defined $from) {
        return plain(400, "$from to $to does not fit $upload->{size}")
            if $from != $upload->{size} || $to - $from + 1 != $req->{length};

        @$upload{qw(size digest content)} = ($to + 1, @{$req->{received}}{
            qw(digest content)});
    }

    return finish($app, $upload) if $all eq $upload->{size};

    my $answer = plain(308, '');

    $answer->{extra_headers} = [['Range', 'bytes=0-' . ($upload->{size} - 1)]]
        if $upload->{size};

    return $answer;
}


sub start ($app, $req) {
    my $id = 'up-' . $app->store->new_id;
    my $upload = session($app, $req, $id);

    return $app->store->refusal(@{$upload->{foreign}})
        if $upload->{foreign};

    my $key = $req->{where} eq 'query' ? "key=$req->{key}&" : '';
    my $url = $app->host . "$req->{path}?${key}"
        . "upload_id=$id&upload_protocol=resumable";

    $app->{uploads}{$id} = $upload;

    if ($upload->{classic}) {
        $url =~ s/upload_protocol/uploadType/;
        return empty(['Location', $url], ['X-GUploader-UploadID', $id]);
    }

    return empty(
        ['X-Goog-Upload-Status', 'active'],
        ['X-Goog-Upload-URL', $url],
        ['X-Goog-Upload-Control-URL', $url],
        ['X-Goog-Upload-Chunk-Granularity', GRANULARITY],
        ['X-GUploader-UploadID', $id]);
}


# what is uploaded: where it goes, and whether that is of this project
sub session ($app, $req, $id) {
    my $body = ref $req->{data} eq 'HASH' ? $req->{data} : {};
    my @owner = defined $req->{store} ? ('fileSearchStores', $req->{store})
        : defined $req->{environment} ? ('environments', $req->{environment})
        : ();

    return {
        name    => "uploads/$id",
        path    => $req->{path},
        state   => 'active',
        project => $req->{project},
        version => $req->{version},
        classic => header($req, 'x-goog-upload-command') eq '',
        type    => header($req, 'x-goog-upload-header-content-type')
                   || header($req, 'x-upload-content-type'),
        told    => header($req, 'x-goog-upload-header-content-length'),
        size    => 0,
        digest  => Digest::MD5->new,
        content => '',
        body    => $body,
        owner   => \@owner,
        file    => $req->{file},
        @owner && !$app->store->own(@owner, $req) ? (foreign => \@owner) : (),
    };
}


# the whole in one request
sub at_once ($app, $req) {
    my $upload = session($app, $req, '');

    return $app->store->refusal(@{$upload->{foreign}})
        if $upload->{foreign};

    $upload->{type} ||= header($req, 'content-type');
    $upload->{body} = {};
    $upload->{size} = $req->{length};
    @$upload{qw(digest content)} = @{$req->{received}}{qw(digest content)};

    return finish($app, $upload);
}


sub finish ($app, $upload) {
    my ($kind, $owner) = @{$upload->{owner}};
    my %made = (
        type    => $upload->{type},
        size    => $upload->{size},
        md5     => $upload->{digest}->clone->hexdigest,
        content => $upload->{content},
    );
    my ($data, @bad);

    if (!defined $kind) {
        ($data, @bad) = new_file($app, $upload, $upload->{body}{file}, %made);
        $data = o(file => file_shown($data)) if ref $data;

    } elsif ($kind eq 'fileSearchStores') {
        $data = add_document($app, $upload, $owner, $upload->{body}, 'upload',
                             %made);

    } else {
        $data = add_environment_file($app, $upload, $owner, $upload->{file},
                                     %made);
    }

    return ($data, @bad) unless ref $data;

    $upload->{state} = 'final';

    my $answer = data_answer($data);
    $answer->{extra_headers} = [['X-Goog-Upload-Status', 'final'],
                                ['X-Goog-Upload-Size-Received',
                                 $upload->{size}]];
    return $answer;
}


sub state_of ($upload, $state) {
    return empty(['X-Goog-Upload-Status', $state],
                 ['X-Goog-Upload-Size-Received', $upload->{size}]);
}


sub empty (@headers) {
    my $answer = plain(200, '');

    $answer->{extra_headers} = \@headers;
    return $answer;
}


# as the back end of uploads speaks: not JSON
sub plain ($status, $text) {
    return {
        status => $status,
        type   => 'text/plain; charset=utf-8',
        pieces => [$text eq '' ? () : "$text\n"],
    };
}


1;
