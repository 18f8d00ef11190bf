package spec

import (
	"slices"

	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/checks/internal/reasons"
)

// GitSafety describes the check Git Safety.
func GitSafety() spec.Spec {
	all := slices.Concat(worktreeReasons(), revisionReasons(), gitReasons())
	return spec.Spec{
		Name:         "Git Safety",
		AtGate:       true,
		Looks:        "the checkout that would trade equals its commit, submodules included, is at the expected branch or tag, and tracks no secret",
		Reasons:      all.English(),
		Translations: all.Korean("Git 안전성", "거래에 쓰일 체크아웃이 서브모듈까지 커밋과 같고, 예상한 브랜치나 태그이며, 비밀을 추적하지 않는지"),
	}
}

// worktreeReasons are the reasons about the files of the checkout.
func worktreeReasons() reasons.List {
	return reasons.List{
		{
			Name: "dirty", Meaning: "tracked files differ from the commit",
			Remedy:        "commit the changes, or git restore the files",
			KoreanMeaning: "추적 중인 파일이 커밋과 다름", KoreanRemedy: "변경을 커밋하거나 git restore로 되돌릴 것",
		},
		{
			Name: "untracked_files", Meaning: "there are files that git does not know",
			Remedy:        "commit them, remove them, or name them in .gitignore, the only exclude file that counts in a live environment",
			KoreanMeaning: "git이 모르는 파일이 있음", KoreanRemedy: "커밋하거나, 지우거나, .gitignore에 추가: 라이브 환경에서는 .gitignore만 유효",
		},
		{
			Name: "filtered_files", Meaning: "files equal the commit only through a filter, such as git-lfs",
			Remedy:        "name the filter under filters in preflight.yml, if its files may differ from the commit",
			KoreanMeaning: "git-lfs 같은 필터를 거쳐야만 커밋과 같은 파일이 있음", KoreanRemedy: "커밋과 달라도 되는 파일이면 preflight.yml의 filters에 필터 이름 추가",
		},
		{
			Name: "submodule_missing", Meaning: "a submodule is not initialised",
			Remedy:        "git submodule update --init --recursive, or name it under optional_submodules in preflight.yml",
			KoreanMeaning: "초기화되지 않은 서브모듈이 있음", KoreanRemedy: "git submodule update --init --recursive, 또는 preflight.yml의 optional_submodules에 추가",
		},
		{
			Name: "submodule_moved", Meaning: "a submodule is at another commit than the recorded one",
			Remedy:        "git submodule update --recursive, or commit the new version of the submodule",
			KoreanMeaning: "서브모듈이 기록된 커밋과 다른 커밋에 있음", KoreanRemedy: "git submodule update --recursive, 또는 서브모듈의 새 버전을 커밋",
		},
		{
			Name: "operation_under_way", Meaning: "a merge, rebase, bisect or the like is not finished",
			Remedy:        "finish it, or abort it (git merge --abort, git rebase --abort, git bisect reset)",
			KoreanMeaning: "merge, rebase, bisect 등이 끝나지 않음", KoreanRemedy: "마무리하거나 중단 (git merge --abort, git rebase --abort, git bisect reset)",
		},
		{
			Name: "other_worktree", Meaning: "core.worktree of the repository leads to another folder",
			Remedy:        "git config --unset core.worktree; git pull and git status use that folder instead of the checkout",
			KoreanMeaning: "저장소의 core.worktree가 다른 폴더를 가리킴", KoreanRemedy: "git config --unset core.worktree: git pull과 git status가 체크아웃 대신 그 폴더를 사용함",
		},
		{
			Name: "outside_link", Meaning: "a tracked link leads out of the checkout, or into .git",
			Remedy:        "replace the link by the file, or name it under outside_links in preflight.yml",
			KoreanMeaning: "추적 중인 링크가 체크아웃 밖 또는 .git 안을 가리킴", KoreanRemedy: "링크를 파일로 바꾸거나 preflight.yml의 outside_links에 추가",
		},
		{
			Name: "sparse", Meaning: "a sparse checkout leaves out files of the commit",
			Remedy:        "git sparse-checkout disable, or set sparse in preflight.yml",
			KoreanMeaning: "sparse checkout으로 커밋의 파일이 빠져 있음", KoreanRemedy: "git sparse-checkout disable, 또는 preflight.yml에 sparse 설정",
		},
	}
}

// revisionReasons are the reasons about the commit and about secrets in it.
func revisionReasons() reasons.List {
	return reasons.List{
		{
			Name: "wrong_branch", Meaning: "the checkout is on another branch than the expected one",
			Remedy:        "git switch to the branch that preflight.yml names",
			KoreanMeaning: "예상과 다른 브랜치가 체크아웃됨", KoreanRemedy: "preflight.yml에 지정된 브랜치로 git switch",
		},
		{
			Name: "wrong_tag", Meaning: "the commit has no tag that matches the expected pattern",
			Remedy:        "check out a released version, or tag this one",
			KoreanMeaning: "커밋에 예상한 형식의 태그가 없음", KoreanRemedy: "출시된 버전을 체크아웃하거나 태그를 달 것",
		},
		{
			Name: "not_pushed", Meaning: "the commit is not on the branch of the remote",
			Remedy:        "push and review the commits; git fetch if they were pushed from elsewhere",
			KoreanMeaning: "커밋이 원격 브랜치에 없음", KoreanRemedy: "커밋을 push하고 검토: 다른 곳에서 push했다면 git fetch",
		},
		{
			Name: "no_upstream", Meaning: "there is no branch of a remote to compare the commit with",
			Remedy:        "git branch --set-upstream-to, or name the branch under upstream in preflight.yml",
			KoreanMeaning: "커밋과 비교할 원격 브랜치가 없음", KoreanRemedy: "git branch --set-upstream-to, 또는 preflight.yml의 upstream에 브랜치 지정",
		},
		{
			Name: "no_commit", Meaning: "the repository has no commit",
			Remedy:        "commit the code that is to trade",
			KoreanMeaning: "저장소에 커밋이 없음", KoreanRemedy: "거래에 쓰일 코드를 커밋",
		},
		{
			Name: "tracked_secret", Meaning: "a file that looks like a secret is tracked",
			Remedy:        "git rm --cached the file, change the secret, and remove it from the history",
			KoreanMeaning: "비밀로 보이는 파일이 추적됨", KoreanRemedy: "git rm --cached로 제거하고, 비밀 값을 바꾸고, 이력에서도 제거",
		},
		{
			Name: "secret_content", Meaning: "a tracked file contains text that looks like a private key or the key of an exchange",
			Remedy:        "change the secret, and remove it from the file and from the history; if it is none, name the file under not_secret in preflight.yml",
			KoreanMeaning: "추적 중인 파일에 개인 키나 거래소 키로 보이는 내용이 있음", KoreanRemedy: "비밀 값을 바꾸고 파일과 이력에서 제거: 비밀이 아니면 preflight.yml의 not_secret에 파일 추가",
		},
	}
}

// gitReasons are the reasons for which git shows nothing.
func gitReasons() reasons.List {
	return reasons.List{
		{
			Name: "not_a_repository", Meaning: "the folder is not a git checkout",
			Remedy:        "correct repository in preflight.yml, or deploy a checkout",
			KoreanMeaning: "git 체크아웃이 아닌 폴더", KoreanRemedy: "preflight.yml의 repository를 수정하거나 체크아웃을 배포",
		},
		{
			Name: "no_git", Meaning: "the program git is not installed",
			Remedy:        "install git",
			KoreanMeaning: "git 프로그램이 없음", KoreanRemedy: "git을 설치",
		},
		{
			Name: "dubious_ownership", Meaning: "another user owns the checkout, so git refuses it",
			Remedy:        "git config --system --add safe.directory FOLDER, or run the checker as the owner (User= of the unit); a unit without HOME reads no --global setting",
			KoreanMeaning: "체크아웃의 소유자가 달라 git이 거부함", KoreanRemedy: "git config --system --add safe.directory 폴더, 또는 소유자로 실행 (유닛의 User=): HOME이 없는 유닛은 --global 설정을 읽지 않음",
		},
		{
			Name: "git_failed", Meaning: "git answered with an error",
			Remedy:        "read the detail in the evidence, and run git status in the checkout",
			KoreanMeaning: "git이 오류로 응답함", KoreanRemedy: "증거 파일의 상세 내용을 보고 체크아웃에서 git status 실행",
		},
		{
			Name: "timeout", Meaning: "git did not finish in time",
			Remedy:        "look at the size of the checkout and at the disk",
			KoreanMeaning: "git이 제한 시간 안에 끝나지 않음", KoreanRemedy: "체크아웃의 크기와 디스크 확인",
		},
	}
}
